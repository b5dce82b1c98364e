import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readObject } from '../../src/weights/json-object.js'

it('JSON in another encoding than UTF-8 is refused, as its letters would be others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-json-'))
  const file = join(folder, 'tokenizer.json')
  writeFileSync(file, Buffer.from('{"unk_token": "\xe9"}', 'latin1'))
  expect(() => readObject(file, 100, 'MODEL')).toThrow(`${file}: not UTF-8 text`)
  rmSync(folder, { recursive: true })
})
