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
  Q4_K: { values: 256, bytes: 144 },
  Q6_K: { values: 256, bytes: 210 },
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
    case 'Q4_K':
      return dequantizeQ4K(bytes)
    case 'Q6_K':
      return dequantizeQ6K(bytes)
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

/**
 * Q4_K: f16 d, f16 m, 8 six-bit scales s and minima t in 12 bytes, 256 nibbles q, in 4 groups of 64 (low nibbles first);
 * 32 values share a scale; value = d s q - m t.
 */
function dequantizeQ4K(bytes: Uint8Array): Float32Array {
  const blocks = bytes.length / 144
  const out = new Float32Array(blocks * 256)
  for (let b = 0; b < blocks; b++) {
    const start = b * 144
    const d = halfAt(bytes, start)
    const m = halfAt(bytes, start + 2)
    for (let part = 0; part < 8; part++) {
      const at = start + 4 + (part & 3)
      const [s, t, shared] = [bytes[at], bytes[at + 4], bytes[at + 8]] as [number, number, number]
      // Parts 0 to 3: six bits of a byte. Parts 4 to 7: a nibble of the last four bytes, and the two bits left over there.
      const scale = Math.fround(d * (part < 4 ? s & 63 : (shared & 15) | ((s >> 2) & 48)))
      const minimum = Math.fround(m * (part < 4 ? t & 63 : (shared >> 4) | ((t >> 2) & 48)))
      const nibbles = start + 16 + 32 * (part >> 1)
      const shift = 4 * (part & 1)
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[nibbles + i] as number) >> shift) & 15
        out[b * 256 + 32 * part + i] = Math.fround(scale * q) - minimum
      }
    }
  }
  return out
}

/**
 * Q6_K: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales s, f16 d; q of six bits less 32. In each
 * half of 128 values the low nibbles of 64 bytes come first; 16 values share a scale; value = d s q.
 */
function dequantizeQ6K(bytes: Uint8Array): Float32Array {
  const blocks = bytes.length / 210
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Float32Array(blocks * 256)
  for (let b = 0; b < blocks; b++) {
    const start = b * 210
    const d = halfAt(bytes, start + 208)
    for (let i = 0; i < 256; i++) {
      const half = i >> 7
      const within = i & 127
      const low = ((bytes[start + 64 * half + (within & 63)] as number) >> (4 * (within >> 6))) & 15
      const high = ((bytes[start + 128 + 32 * half + (within & 31)] as number) >> (2 * (within >> 5))) & 3
      const scale = Math.fround(d * (signed[start + 192 + (i >> 4)] as number))
      out[b * 256 + i] = scale * ((low | (high << 4)) - 32)
    }
  }
  return out
}

function halfAt(bytes: Uint8Array, offset: number): number {
  return halfToFloat((bytes[offset] as number) | ((bytes[offset + 1] as number) << 8))
}
