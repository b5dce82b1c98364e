import { halfToFloat } from './half.js'
import { round, type Block, type BlockFormat } from './block-format.js'
import { grids, type Grid } from './iq-grids.js'

/** ggml's IQ types: 256 values per block, looked up 4 or 8 at a time in a codebook. */

/** Expands 7 sign bits to 8: the number of negative values is always even. */
const evenSigns = Uint8Array.from({ length: 128 }, (_, bits) => {
  let odd = 0
  for (let rest = bits; rest > 0; rest >>= 1) odd ^= rest & 1
  return bits | (odd << 7)
})

/** Writes a codebook vector times `scale` to `out` from `at`; bit i of `signs` negates value i. */
function signed(
  grid: Grid,
  index: number,
  scale: number,
  signs: number,
  out: Float32Array,
  at: number,
): void {
  const { width, values } = grid
  for (let i = 0; i < width; i++) {
    const value = round(scale * (values[index * width + i] as number))
    out[at + i] = (signs >> i) & 1 ? -value : value
  }
}

const iq2_xxs: BlockFormat = {
  values: 256,
  bytes: 66,
  decode(block, out, at) {
    const d = block.f16(0)
    for (let part = 0; part < 8; part++) {
      const [indices, rest] = [2 + 8 * part, block.u32(6 + 8 * part)]
      const scale = d * (0.5 + (rest >>> 28)) * 0.25
      for (let i = 0; i < 4; i++)
        signed(
          grids.iq2xxs,
          block.u8(indices + i),
          scale,
          evenSigns[(rest >>> (7 * i)) & 127] as number,
          out,
          at + 32 * part + 8 * i,
        )
    }
  },
}

const iq2_xs: BlockFormat = {
  values: 256,
  bytes: 74,
  decode(block, out, at) {
    const d = block.f16(0)
    for (let i = 0; i < 32; i++) {
      const index = block.u16(2 + 2 * i)
      signed(
        grids.iq2xs,
        index & 511,
        quarterScale(d, block, 66, i >> 1),
        evenSigns[index >> 9] as number,
        out,
        at + 8 * i,
      )
    }
  },
}

const iq2_s: BlockFormat = {
  values: 256,
  bytes: 82,
  decode(block, out, at) {
    const d = block.f16(0)
    for (let i = 0; i < 32; i++) {
      const high = (block.u8(66 + (i >> 2)) >> (2 * (i & 3))) & 3
      const index = block.u8(2 + i) | (high << 8)
      signed(grids.iq2s, index, quarterScale(d, block, 74, i >> 1), block.u8(34 + i), out, at + 8 * i)
    }
  },
}

/** d (s + 1/2) / 4, where s is the 4-bit scale of `part`. */
function quarterScale(d: number, block: Block, scales: number, part: number): number {
  return d * (0.5 + ((block.u8(scales + (part >> 1)) >> (4 * (part & 1))) & 15)) * 0.25
}

const iq3_xxs: BlockFormat = {
  values: 256,
  bytes: 98,
  decode(block, out, at) {
    const d = block.f16(0)
    for (let part = 0; part < 8; part++) {
      const rest = block.u32(66 + 4 * part)
      const scale = d * (0.5 + (rest >>> 28)) * 0.5
      for (let i = 0; i < 8; i++) {
        const signs = (evenSigns[(rest >>> (7 * (i >> 1))) & 127] as number) >> (4 * (i & 1))
        signed(grids.iq3xxs, block.u8(2 + 8 * part + i), scale, signs, out, at + 32 * part + 4 * i)
      }
    }
  },
}

const iq3_s: BlockFormat = {
  values: 256,
  bytes: 110,
  decode(block, out, at) {
    const d = block.f16(0)
    for (let i = 0; i < 64; i++) {
      const part = i >> 3
      const scale = d * (1 + 2 * ((block.u8(106 + (part >> 1)) >> (4 * (part & 1))) & 15))
      const index = block.u8(2 + i) | (((block.u8(66 + part) >> (i & 7)) & 1) << 8)
      const signs = block.u8(74 + (i >> 1)) >> (4 * (i & 1))
      signed(grids.iq3s, index, scale, signs, out, at + 4 * i)
    }
  },
}

/** Ternary codebook; each part of 32 values is shifted up or down by 1/8: value = d (2 s + 1) (v +- 1/8). */
const iq1_s: BlockFormat = {
  values: 256,
  bytes: 50,
  decode(block, out, at) {
    const d = block.f16(0)
    for (let part = 0; part < 8; part++) {
      const high = block.u16(34 + 2 * part)
      const scale = round(d * (2 * ((high >> 12) & 7) + 1))
      for (let i = 0; i < 4; i++) {
        const index = block.u8(2 + 4 * part + i) | (((high >> (3 * i)) & 7) << 8)
        shifted(index, scale, (high & 0x8000) !== 0, out, at + 32 * part + 8 * i)
      }
    }
  },
}

/** As IQ1_S, with a scale per 16 values and a shift per 8; the f16 d is in the top four bits of the four scale words. */
const iq1_m: BlockFormat = {
  values: 256,
  bytes: 56,
  decode(block, out, at) {
    const words = [0, 1, 2, 3].map((word) => block.u16(48 + 2 * word))
    const d = halfToFloat(words.reduce((bits, word, i) => bits | ((word >> 12) << (4 * i)), 0))
    for (let i = 0; i < 32; i++) {
      const part = i >> 1
      const s = ((words[part >> 2] as number) >> (3 * (part & 3))) & 7
      const high = block.u8(32 + (i >> 1)) >> (4 * (i & 1))
      const index = block.u8(i) | ((high & 7) << 8)
      shifted(index, round(d * (2 * s + 1)), (high & 8) !== 0, out, at + 8 * i)
    }
  },
}

function shifted(index: number, scale: number, down: boolean, out: Float32Array, at: number): void {
  const { values } = grids.iq1s
  const shift = down ? -0.125 : 0.125
  for (let i = 0; i < 8; i++) out[at + i] = scale * ((values[8 * index + i] as number) + shift)
}

export const iqQuants = {
  IQ1_S: iq1_s,
  IQ1_M: iq1_m,
  IQ2_XXS: iq2_xxs,
  IQ2_XS: iq2_xs,
  IQ2_S: iq2_s,
  IQ3_XXS: iq3_xxs,
  IQ3_S: iq3_s,
} as const
