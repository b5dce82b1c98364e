import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { dequantize, storedBytes, type QuantisedType } from '../../src/weights/dequantize.js'

const folder = join(projectRoot(), 'test', 'golden', 'quants')
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
  QuantisedType,
  { values: number; first: number[]; sha256: string }
>

/** Regenerate with test/golden/make_quants.py. */
it.each(Object.entries(expected) as [QuantisedType, (typeof expected)[QuantisedType]][])(
  "%s: blocks of random bits are, bit for bit, the gguf package's values",
  (type, { values, first, sha256 }) => {
    const bytes = new Uint8Array(readFileSync(join(folder, `${type}.bin`)))
    const found = dequantize(type, bytes)
    expect(storedBytes(type, values)).toBe(bytes.length)
    expect(storedBytes(type, values - 1)).toBeNull()
    const block = values / 12
    expect(Array.from(found.subarray(2 * block, 2 * block + 4))).toEqual(first)
    expect(createHash('sha256').update(found).digest('hex')).toBe(sha256)
  },
)
