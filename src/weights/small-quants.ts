import { round, type Block, type BlockFormat } from './block-format.js'

/** Formats of 32 values per block (NVFP4: 64): a scale, in some a minimum, and a few bits per value. */

/** 4-bit codebooks: `unevenSteps` of IQ4_NL and IQ4_XS; `e2m1`, the doubled E2M1 floats of MXFP4 and NVFP4. */
export const unevenSteps = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
const e2m1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

/** Unpacks `count` bytes starting at `from`: byte i holds value i in its low nibble and value i + count in its high nibble. */
function nibbles(block: Block, from: number, count: number, take: (q: number, i: number) => void): void {
  for (let i = 0; i < count; i++) {
    const pair = block.u8(from + i)
    take(pair & 15, i)
    take(pair >> 4, i + count)
  }
}

/** f16 d, 32 nibbles q; value = d (q - 8). */
const q4_0: BlockFormat = {
  values: 32,
  bytes: 18,
  decode(block, out, at) {
    const d = block.f16(0)
    nibbles(block, 2, 16, (q, i) => (out[at + i] = d * (q - 8)))
  },
}

/** f16 d, f16 m, 32 nibbles q; value = d q + m. */
const q4_1: BlockFormat = {
  values: 32,
  bytes: 20,
  decode(block, out, at) {
    const [d, m] = [block.f16(0), block.f16(2)]
    nibbles(block, 4, 16, (q, i) => (out[at + i] = round(d * q) + m))
  },
}

/** f16 d, 32 fifth bits and 32 low nibbles of q; value = d (q - 16). */
const q5_0: BlockFormat = {
  values: 32,
  bytes: 22,
  decode(block, out, at) {
    const [d, fifth] = [block.f16(0), block.u32(2)]
    nibbles(block, 6, 16, (q, i) => (out[at + i] = d * ((q | (((fifth >>> i) & 1) << 4)) - 16)))
  },
}

/** f16 d, f16 m, 32 fifth bits and 32 low nibbles of q; value = d q + m. */
const q5_1: BlockFormat = {
  values: 32,
  bytes: 24,
  decode(block, out, at) {
    const [d, m, fifth] = [block.f16(0), block.f16(2), block.u32(4)]
    nibbles(block, 8, 16, (q, i) => (out[at + i] = round(d * (q | (((fifth >>> i) & 1) << 4))) + m))
  },
}

/** f16 d, 32 signed bytes q; value = d q. */
const q8_0: BlockFormat = {
  values: 32,
  bytes: 34,
  decode(block, out, at) {
    const d = block.f16(0)
    for (let i = 0; i < 32; i++) out[at + i] = d * block.i8(2 + i)
  },
}

/** f16 d, 32 nibbles indexing `unevenSteps`; value = d step. */
const iq4_nl: BlockFormat = {
  values: 32,
  bytes: 18,
  decode(block, out, at) {
    const d = block.f16(0)
    nibbles(block, 2, 16, (q, i) => (out[at + i] = d * (unevenSteps[q] as number)))
  },
}

/** 8-bit exponent e, 32 E2M1 floats x; value = 2^(e - 127) x. */
const mxfp4: BlockFormat = {
  values: 32,
  bytes: 17,
  decode(block, out, at) {
    const d = 2 ** (block.u8(0) - 128)
    nibbles(block, 1, 16, (q, i) => (out[at + i] = d * (e2m1[q] as number)))
  },
}

/** Four 8-bit scales s (unsigned E4M3), then 16 E2M1 floats x for each; value = s x. */
const nvfp4: BlockFormat = {
  values: 64,
  bytes: 36,
  decode(block, out, at) {
    for (let part = 0; part < 4; part++) {
      const d = halfScale(block.u8(part))
      nibbles(block, 4 + 8 * part, 8, (q, i) => (out[at + 16 * part + i] = d * (e2m1[q] as number)))
    }
  },
}

/** Half of an E4M3 number, because the `e2m1` table is doubled; 0 for NaN (0x7f). */
function halfScale(bits: number): number {
  if (bits === 0 || bits === 0x7f) return 0
  const [exponent, fraction] = [(bits >> 3) & 15, bits & 7]
  return (exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7)) / 2
}

export const smallQuants = {
  Q4_0: q4_0,
  Q4_1: q4_1,
  Q5_0: q5_0,
  Q5_1: q5_1,
  Q8_0: q8_0,
  IQ4_NL: iq4_nl,
  MXFP4: mxfp4,
  NVFP4: nvfp4,
} as const
