import type { TensorType } from './dequantize.js'

/**
 * A checkpoint as architectures see it, whatever its file format: a Hugging Face config, and tensors under
 * Hugging Face names and in Hugging Face layout (GGUF names and the permuted q/k rows are mapped when read).
 */
export interface Checkpoint {
  /** Folder or GGUF file, real path. */
  readonly path: string
  readonly format: 'safetensors' | 'pytorch' | 'gguf'
  /** Contents of config.json, or the same made from a GGUF's metadata. Untrusted until an architecture validates it. */
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Tensors that are there but cannot be read as f32, and why: causal masks of booleans, for instance. */
  readonly unread: ReadonlyMap<string, string>
  /** sha256 over weights, config and tokenizer files. */
  readonly modelHash: string
  /**
   * The tensor's bytes as they lie in the file, read on another thread, for `arrange`. Fresh memory that starts aligned.
   * Throws WEIGHTS.
   */
  readAhead(name: string): Promise<Uint8Array>
  /** What `read` gives, of bytes that `readAhead` gave; may share their memory. */
  arrange(name: string, stored: Uint8Array): Float32Array
  /** The tensor's values as f32, row-major in the stored shape; dequantised where needed. Throws WEIGHTS. */
  read(name: string): Float32Array
  /** Rows `[rows.length, columns]` of a matrix, or entries of a vector, read without reading the rest. */
  readRows(name: string, rows: readonly number[]): Float32Array
  close(): void
}

export interface TensorInfo {
  readonly name: string
  /** Row-major, outermost first: a Linear's weight is `[out, in]`. */
  readonly shape: readonly number[]
  readonly type: TensorType
  readonly file: string
  readonly offset: number
  readonly byteLength: number
}

/** What one file of weights holds. */
export interface FileTensors {
  readonly tensors: readonly TensorInfo[]
  /** As `Checkpoint.unread`. */
  readonly unread: readonly (readonly [name: string, reason: string])[]
}

/** The types that tensors are stored in, for instance `F32+Q4_1`. */
export function storageTypes(tensors: readonly Pick<TensorInfo, 'type'>[]): string {
  return [...new Set(tensors.map(({ type }) => type))].sort().join('+')
}
