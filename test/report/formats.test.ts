import { parquetReadObjects } from 'hyparquet'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Values } from '../../src/figures/table.js'
import { textOf } from '../../src/report/formats.js'
import { writeParquet } from '../../src/report/parquet.js'
import { textFormats } from '../../src/report/text-format.js'

const columns = { task: 'text', item: 'whole', accuracy: 'real' } as const
const count = 100_001

let read = 0
function* rows(): Generator<Values> {
  for (read = 0; read < count; read++) yield [`task ${Math.floor(read / 1000)}`, read, read / 7]
}

it.each(textFormats)('%s of many rows comes in pieces, each read only on demand', (format) => {
  const pieces = textOf(rows(), Object.keys(columns), format)
  const first = pieces.next().value as string
  expect(first.length).toBeLessThan(1 << 17)
  expect(read).toBeLessThan(5000)
  const text = first + [...pieces].join('')
  expect(text.split('\n').filter((line) => /task \d/.test(line))).toHaveLength(count)
})

it('Parquet of many rows is written by row groups', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'rows.parquet')
  writeParquet(rows(), columns, file)
  const bytes = readFileSync(file)
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  const objects = await parquetReadObjects({ file: buffer, rowStart: 99_999, rowEnd: 100_001 })
  expect(objects).toEqual(
    [99_999, 100_000].map((item) => ({
      task: `task ${Math.floor(item / 1000)}`,
      item,
      accuracy: item / 7,
    })),
  )
})
