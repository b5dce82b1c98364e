import { Block, type BlockFormat } from './block-format.js'
import { bfloatsToFloats, halvesToFloats } from './half.js'
import { iqQuants } from './iq-quants.js'
import { kQuants } from './k-quants.js'
import { smallQuants } from './small-quants.js'

const plainBytes = { F32: 4, F16: 2, BF16: 2, U8: 1 } as const
const blockFormats = { ...smallQuants, ...kQuants, ...iqQuants } as const
export type QuantisedType = keyof typeof blockFormats
/** `U8`: raw bytes of packed tensors (packed-experts.ts). */
export type TensorType = keyof typeof plainBytes | QuantisedType

/** Bytes that `values` values take; null if they do not fill whole blocks. */
export function storedBytes(type: TensorType, values: number): number | null {
  if (isPlain(type)) return values * plainBytes[type]
  const format: BlockFormat = blockFormats[type]
  return values % format.values === 0 ? (values / format.values) * format.bytes : null
}

/**
 * Converts stored little-endian bytes to f32, rounding in f32 at each step as ggml does. `bytes` must be aligned; F32 values share
 * its memory.
 */
export function dequantize(type: TensorType, bytes: Uint8Array): Float32Array {
  switch (type) {
    case 'F32':
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    case 'F16':
      return halvesToFloats(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2))
    case 'BF16':
      return bfloatsToFloats(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2))
    case 'U8':
      return Float32Array.from(bytes)
    default:
      return decodeBlocks(blockFormats[type], bytes)
  }
}

function decodeBlocks(format: BlockFormat, bytes: Uint8Array): Float32Array {
  const blocks = bytes.length / format.bytes
  const out = new Float32Array(blocks * format.values)
  const block = new Block(bytes)
  for (let i = 0; i < blocks; i++) {
    block.start = i * format.bytes
    format.decode(block, out, i * format.values)
  }
  return out
}

function isPlain(type: TensorType): type is keyof typeof plainBytes {
  return Object.hasOwn(plainBytes, type)
}
