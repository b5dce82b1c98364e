import { round, type Block, type BlockFormat } from './block-format.js'
import { unevenSteps } from './small-quants.js'

/** Formats of 256 values per block; in most, each part of 16 or 32 values has its own scale, itself quantized. */

/** 16 bytes of scale s (low nibble) and minimum t (high), 64 bytes of 2-bit q, f16 d, f16 m; value = d s q - m t. */
const q2_k: BlockFormat = {
  values: 256,
  bytes: 84,
  decode(block, out, at) {
    const [d, m] = [block.f16(80), block.f16(82)]
    for (let part = 0; part < 16; part++) {
      const scale = round(d * (block.u8(part) & 15))
      const minimum = round(m * (block.u8(part) >> 4))
      const [pairs, shift] = [16 + 32 * (part >> 3) + 16 * (part & 1), 2 * ((part >> 1) & 3)]
      for (let i = 0; i < 16; i++)
        out[at + 16 * part + i] = round(scale * ((block.u8(pairs + i) >> shift) & 3)) - minimum
    }
  },
}

/** 32 bytes of third bits of q, 64 bytes of its low 2 bits, 16 six-bit scales s in 12 bytes, f16 d; value = d (s - 32) (q - 4). */
const q3_k: BlockFormat = {
  values: 256,
  bytes: 110,
  decode(block, out, at) {
    const d = block.f16(108)
    for (let part = 0; part < 16; part++) {
      const low = (block.u8(96 + (part & 7)) >> (4 * (part >> 3))) & 15
      const high = (block.u8(104 + (part & 3)) >> (2 * (part >> 2))) & 3
      const scale = round(d * ((low | (high << 4)) - 32))
      const [pairs, shift] = [32 + 32 * (part >> 3) + 16 * (part & 1), 2 * ((part >> 1) & 3)]
      for (let i = 0; i < 16; i++) {
        const third = (block.u8(16 * (part & 1) + i) >> (part >> 1)) & 1
        out[at + 16 * part + i] = scale * (((block.u8(pairs + i) >> shift) & 3) - (third ? 0 : 4))
      }
    }
  },
}

/** f16 d, f16 m, 8 six-bit scales s and minima t in 12 bytes, 256 nibbles q; value = d s q - m t. */
const q4_k: BlockFormat = {
  values: 256,
  bytes: 144,
  decode(block, out, at) {
    for (let part = 0; part < 8; part++) {
      const [scale, minimum] = scaleAndMinimum(block, part)
      const [nibbles, shift] = [16 + 32 * (part >> 1), 4 * (part & 1)]
      for (let i = 0; i < 32; i++)
        out[at + 32 * part + i] = round(scale * ((block.u8(nibbles + i) >> shift) & 15)) - minimum
    }
  },
}

/** Q4_K with 32 bytes of fifth bits before the nibbles. */
const q5_k: BlockFormat = {
  values: 256,
  bytes: 176,
  decode(block, out, at) {
    for (let part = 0; part < 8; part++) {
      const [scale, minimum] = scaleAndMinimum(block, part)
      const [nibbles, shift] = [48 + 32 * (part >> 1), 4 * (part & 1)]
      for (let i = 0; i < 32; i++) {
        const fifth = (block.u8(16 + i) >> part) & 1
        const q = ((block.u8(nibbles + i) >> shift) & 15) | (fifth << 4)
        out[at + 32 * part + i] = round(scale * q) - minimum
      }
    }
  },
}

/**
 * d s and m t of a part of 32 values. Parts 0 to 3 use the low six bits of a byte; parts 4 to 7 use a nibble of the last
 * four bytes and the two high bits that parts 0 to 3 leave unused.
 */
function scaleAndMinimum(block: Block, part: number): [scale: number, minimum: number] {
  const at = 4 + (part & 3)
  const [s, t, shared] = [block.u8(at), block.u8(at + 4), block.u8(at + 8)]
  return [
    round(block.f16(0) * (part < 4 ? s & 63 : (shared & 15) | ((s >> 2) & 48))),
    round(block.f16(2) * (part < 4 ? t & 63 : (shared >> 4) | ((t >> 2) & 48))),
  ]
}

/**
 * 128 bytes of the low 4 bits of q, 64 bytes of its high 2 bits, 16 signed 8-bit scales s, f16 d; value = d s (q - 32).
 * Each half of 128 values takes the low nibbles of its 64 bytes first, then the high nibbles.
 */
const q6_k: BlockFormat = {
  values: 256,
  bytes: 210,
  decode(block, out, at) {
    const d = block.f16(208)
    for (let part = 0; part < 16; part++) {
      const scale = round(d * block.i8(192 + part))
      const [half, within] = [part >> 3, 16 * (part & 7)]
      const [nibbles, nibbleShift] = [64 * half + (within & 63), 4 * (within >> 6)]
      const [pairs, pairShift] = [128 + 32 * half + (within & 31), 2 * (within >> 5)]
      for (let i = 0; i < 16; i++) {
        const low = (block.u8(nibbles + i) >> nibbleShift) & 15
        const high = (block.u8(pairs + i) >> pairShift) & 3
        out[at + 16 * part + i] = scale * ((low | (high << 4)) - 32)
      }
    }
  },
}

const floatBytes = new DataView(new ArrayBuffer(4))

/** f32 d, 256 signed bytes q, then sums used only in dot products; value = d q. */
const q8_k: BlockFormat = {
  values: 256,
  bytes: 292,
  decode(block, out, at) {
    floatBytes.setUint32(0, block.u32(0))
    const d = floatBytes.getFloat32(0)
    for (let i = 0; i < 256; i++) out[at + i] = d * block.i8(4 + i)
  },
}

/** f16 d, 8 six-bit scales s (all high 2 bits, then all low 4), 256 nibbles indexing `unevenSteps`; value = d (s - 32) step. */
const iq4_xs: BlockFormat = {
  values: 256,
  bytes: 136,
  decode(block, out, at) {
    const [d, high] = [block.f16(0), block.u16(2)]
    for (let part = 0; part < 8; part++) {
      const low = (block.u8(4 + (part >> 1)) >> (4 * (part & 1))) & 15
      const scale = round(d * ((low | (((high >> (2 * part)) & 3) << 4)) - 32))
      for (let i = 0; i < 16; i++) {
        const pair = block.u8(8 + 16 * part + i)
        out[at + 32 * part + i] = scale * (unevenSteps[pair & 15] as number)
        out[at + 32 * part + 16 + i] = scale * (unevenSteps[pair >> 4] as number)
      }
    }
  },
}

/** 48 bytes of five ternary digits each, 4 of four, f16 d. Digit q is the carry of 3 times the byte; value = d (q - 1). */
const tq1_0: BlockFormat = {
  values: 256,
  bytes: 54,
  decode(block, out, at) {
    const d = block.f16(52)
    const digits = (from: number, width: number, count: number, to: number) => {
      for (let digit = 0, power = 1; digit < count; digit++, power *= 3)
        for (let i = 0; i < width; i++)
          out[at + to + width * digit + i] = d * (((((block.u8(from + i) * power) & 255) * 3) >> 8) - 1)
    }
    digits(0, 32, 5, 0)
    digits(32, 16, 5, 160)
    digits(48, 4, 4, 240)
  },
}

/** 64 bytes of 2-bit q, f16 d; value = d (q - 1). */
const tq2_0: BlockFormat = {
  values: 256,
  bytes: 66,
  decode(block, out, at) {
    const d = block.f16(64)
    for (let i = 0; i < 256; i++) {
      const pairs = block.u8(32 * (i >> 7) + (i & 31))
      out[at + i] = d * (((pairs >> (2 * ((i >> 5) & 3))) & 3) - 1)
    }
  },
}

export const kQuants = {
  Q2_K: q2_k,
  Q3_K: q3_k,
  Q4_K: q4_k,
  Q5_K: q5_k,
  Q6_K: q6_k,
  Q8_K: q8_k,
  IQ4_XS: iq4_xs,
  TQ1_0: tq1_0,
  TQ2_0: tq2_0,
} as const
