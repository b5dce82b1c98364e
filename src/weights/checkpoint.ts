import type { TensorType } from './dequantize.js'

/**
 * A checkpoint in any file format, presented as a Hugging Face config and tensors with Hugging Face names and layout
 * (GGUF names and permuted q/k rows are mapped on reading).
 */
export interface Checkpoint {
  /** Real path of the folder or GGUF file. */
  readonly path: string
  readonly format: 'safetensors' | 'pytorch' | 'gguf'
  /** Contents of config.json, or its equivalent from GGUF metadata. Untrusted until an architecture validates it. */
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Reasons, keyed by name, for tensors that cannot be read as f32, such as boolean causal masks. */
  readonly unread: ReadonlyMap<string, string>
  /** sha256 over weights, config and tokenizer files. */
  readonly modelHash: string
  /** Reads the tensor's stored bytes on another thread, for `arrange`, into a new, aligned buffer. Throws WEIGHTS. */
  readAhead(name: string): Promise<Uint8Array>
  /** Converts bytes from `readAhead` to what `read` returns; may share their memory. */
  arrange(name: string, stored: Uint8Array): Float32Array
  /** The tensor's values as f32, row-major in `TensorInfo.shape`, dequantised if needed. Throws WEIGHTS. */
  read(name: string): Float32Array
  /**
   * Rows `[rows.length, columns]` of a matrix, or entries of a vector, without reading the rest. Throws MODEL if a row is out of
   * range; WEIGHTS.
   */
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

/** Tensors in one weights file. */
export interface FileTensors {
  readonly tensors: readonly TensorInfo[]
  /** See `Checkpoint.unread`. */
  readonly unread: readonly (readonly [name: string, reason: string])[]
}

/** Storage types of the tensors, sorted and joined, e.g. `F32+Q4_1`. */
export function storageTypes(tensors: readonly Pick<TensorInfo, 'type'>[]): string {
  return [...new Set(tensors.map(({ type }) => type))].sort().join('+')
}
