import { halfToFloat } from './half.js'

/** Block layout of a quantised ggml type (ggml's ggml-quants.c; the `gguf` package's quants.py). */
export interface BlockFormat {
  /** Values per block, and bytes per block. */
  readonly values: number
  readonly bytes: number
  /** Writes a block's values to `out` from `at`, rounding in f32 at each step as ggml does. */
  readonly decode: (block: Block, out: Float32Array, at: number) => void
}

/** Reads little-endian values at offsets relative to `start`, the current block's first byte. */
export class Block {
  start = 0
  readonly signed: Int8Array

  constructor(readonly bytes: Uint8Array) {
    this.signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(at: number): number {
    return this.bytes[this.start + at] as number
  }

  i8(at: number): number {
    return this.signed[this.start + at] as number
  }

  u16(at: number): number {
    return this.u8(at) | (this.u8(at + 1) << 8)
  }

  u32(at: number): number {
    return (this.u16(at) | (this.u16(at + 2) << 16)) >>> 0
  }

  f16(at: number): number {
    return halfToFloat(this.u16(at))
  }
}

export const round = Math.fround
