import type { RandomSource } from '../../src/statistics/random.js'

/** Numbers at which sizes, counts and places go wrong. */
const extremes = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]
const words = [
  '-1',
  '1e308',
  '9007199254740993',
  'null',
  '{}',
  '[[[[[[]]]]]]',
  '""',
  '"__proto__"',
  '0.5',
  'true',
  '\0',
  '\uD800',
]

/** One to four changes of a file's first `header` bytes: bits, bytes, extreme numbers, cuts, repeats, words. */
export function mutate(bytes: Buffer, header: number, random: RandomSource): Buffer {
  let out: Buffer = Buffer.from(bytes)
  for (let changes = 1 + random.below(4); changes > 0; changes--)
    out = changeOnce(out, Math.min(header, out.length), random)
  return out
}

function changeOnce(bytes: Buffer, header: number, random: RandomSource): Buffer {
  if (bytes.length === 0) return bytes
  const at = random.below(Math.max(1, header))
  const length = 1 + random.below(16)
  switch (random.below(8)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
      return bytes
    case 1:
    case 2:
      bytes[at] = random.below(256)
      return bytes
    case 3: {
      const wide = Buffer.alloc(8)
      wide.writeBigUInt64LE(extremes[random.below(extremes.length)] as bigint)
      wide.copy(bytes, at, 0, [1, 2, 4, 8][random.below(4)])
      return bytes
    }
    case 4: // Cut off.
      return random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes
    case 5: // A piece is gone.
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 6: // A piece stands twice.
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
    default: {
      const word = Buffer.from(words[random.below(words.length)] ?? '')
      const replaced = random.below(2) * length
      return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + replaced)])
    }
  }
}
