import { TaskvecError } from '../domain/errors.js'
import type { TensorInfo } from './checkpoint.js'
import type { GgufFile, GgufValue } from './gguf.js'

/** Limit for `values`, which reads frequency factors: one per pair of a head's values. */
const maxSmallTensor = 65536

/** A GGUF's model metadata; keys are relative to its architecture. */
export class GgufMetadata {
  readonly architecture: string
  readonly #tensors: ReadonlyMap<string, TensorInfo>

  /** @param readValues reads a tensor's values as f32 */
  constructor(
    readonly path: string,
    private readonly gguf: GgufFile,
    private readonly readValues: (tensor: TensorInfo) => Float32Array,
  ) {
    this.architecture = String(gguf.metadata.get('general.architecture'))
    this.#tensors = new Map(gguf.tensors.map((tensor) => [tensor.name, tensor]))
  }

  /** The value of `ARCHITECTURE.key`; undefined if missing. Throws MODEL if a per-layer value is not the same in all layers. */
  read(key: string): GgufValue | undefined {
    const name = `${this.architecture}.${key}`
    const value = this.gguf.metadata.get(name)
    if (!Array.isArray(value)) return value
    const [first, ...rest] = value as readonly GgufValue[]
    if (first !== undefined && rest.every((other) => other === first)) return first
    throw new TaskvecError('MODEL', `${this.path}: ${name} differs by layer: [${value.join(', ')}]`, {
      hint: 'Such models cannot be run.',
    })
  }

  number(key: string): number | undefined {
    const value = this.read(key)
    return typeof value === 'number' ? value : undefined
  }

  /** A per-layer value as an array; undefined if missing or scalar. */
  byLayer(key: string): readonly GgufValue[] | undefined {
    const value = this.gguf.metadata.get(`${this.architecture}.${key}`)
    return Array.isArray(value) ? (value as readonly GgufValue[]) : undefined
  }

  token(key: string): GgufValue | null {
    return this.gguf.metadata.get(`tokenizer.ggml.${key}`) ?? null
  }

  has(tensor: string): boolean {
    return this.#tensors.has(tensor)
  }

  shape(tensor: string): readonly number[] | undefined {
    return this.#tensors.get(tensor)?.shape
  }

  /** Shape in the first block that has the tensor. Scans the tensors, because `block_count` is untrusted. */
  blockShape(part: string): readonly number[] | undefined {
    const blocks = [...this.#tensors.keys()].flatMap((name) => {
      const [, block, rest] = /^blk\.(\d+)\.(.+)$/.exec(name) ?? []
      return rest === part ? [Number(block)] : []
    })
    return this.shape(`blk.${blocks.sort((a, b) => a - b)[0]}.${part}`)
  }

  /** Values of a small tensor, such as frequency factors; undefined if missing. Throws WEIGHTS above `maxSmallTensor` values. */
  values(name: string): number[] | undefined {
    const tensor = this.#tensors.get(name)
    if (!tensor) return undefined
    const count = tensor.shape.reduce((a, b) => a * b, 1)
    if (count > maxSmallTensor)
      throw new TaskvecError(
        'WEIGHTS',
        `${this.path}: ${name} holds ${count} values; at most ${maxSmallTensor}`,
      )
    return Array.from(this.readValues(tensor))
  }

  get heads(): number {
    return this.number('attention.head_count') ?? NaN
  }

  get keyValueHeads(): number {
    return this.number('attention.head_count_kv') ?? this.heads
  }

  /** Width of a head. */
  get dHead(): number {
    return this.number('attention.key_length') ?? (this.number('embedding_length') ?? NaN) / this.heads
  }
}
