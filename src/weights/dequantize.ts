import type { TensorType } from './checkpoint.js'
import { bfloatsToFloats, halfToFloat, halvesToFloats } from './half.js'

/** Values per block and bytes per block of each storage type (ggml's block formats; plain types are blocks of one). */
const blockLayout: Record<TensorType, { readonly values: number; readonly bytes: number }> = {
  F32: { values: 1, bytes: 4 },
  F16: { values: 1, bytes: 2 },
  BF16: { values: 1, bytes: 2 },
  Q8_0: { values: 32, bytes: 34 },
  Q4_0: { values: 32, bytes: 18 },
  Q4_1: { values: 32, bytes: 20 },
}

/** Bytes that `values` values take; null where they do not fill whole blocks. */
export function storedBytes(type: TensorType, values: number): number | null {
  const layout = blockLayout[type]
  return values % layout.values === 0 ? (values / layout.values) * layout.bytes : null
}

/** Stored little-endian bytes to f32 values, rounding in f32 at each step as ggml does. `bytes` must start aligned. */
export function dequantize(type: TensorType, bytes: Uint8Array): Float32Array {
  switch (type) {
    case 'F32':
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    case 'F16':
      return halvesToFloats(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2))
    case 'BF16':
      return bfloatsToFloats(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2))
    case 'Q8_0':
      return dequantizeQ8(bytes)
    case 'Q4_0':
      return dequantizeQ4(bytes, false)
    case 'Q4_1':
      return dequantizeQ4(bytes, true)
  }
}

/** Q8_0: f16 scale d, 32 signed bytes q; value = d q. */
function dequantizeQ8(bytes: Uint8Array): Float32Array {
  const blocks = bytes.length / 34
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Float32Array(blocks * 32)
  for (let b = 0; b < blocks; b++) {
    const start = b * 34
    const d = halfAt(bytes, start)
    for (let i = 0; i < 32; i++) out[b * 32 + i] = d * (signed[start + 2 + i] as number)
  }
  return out
}

/**
 * Q4_0: f16 scale d, 32 nibbles q (low nibbles first); value = d (q - 8).
 * Q4_1: f16 scale d, f16 minimum m, 32 nibbles; value = d q + m.
 */
function dequantizeQ4(bytes: Uint8Array, withMinimum: boolean): Float32Array {
  const size = withMinimum ? 20 : 18
  const header = size - 16
  const blocks = bytes.length / size
  const out = new Float32Array(blocks * 32)
  for (let b = 0; b < blocks; b++) {
    const start = b * size
    const d = halfAt(bytes, start)
    // -0 and not 0: adding it changes no value, a negative zero included.
    const m = withMinimum ? halfAt(bytes, start + 2) : -0
    const zero = withMinimum ? 0 : 8
    for (let i = 0; i < 16; i++) {
      const pair = bytes[start + header + i] as number
      out[b * 32 + i] = Math.fround(d * ((pair & 15) - zero)) + m
      out[b * 32 + 16 + i] = Math.fround(d * ((pair >> 4) - zero)) + m
    }
  }
  return out
}

function halfAt(bytes: Uint8Array, offset: number): number {
  return halfToFloat((bytes[offset] as number) | ((bytes[offset + 1] as number) << 8))
}
