import type { NumericsMode } from '../domain/numerics.js'
import { GraphBuilder, type OnnxGraph, type Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import type { TensorRef } from './decoder.js'

/** A graph whose weights are a checkpoint's tensors. Several parts may share one, which is read once. */
export class ModelGraph extends GraphBuilder {
  readonly #values = new Map<string, Float32Array>()

  constructor(
    name: string,
    readonly checkpoint: Checkpoint,
    numerics?: NumericsMode,
  ) {
    super(name, numerics)
  }

  /** A tensor's values as f32; those of a part share the whole tensor's memory. */
  read(ref: TensorRef): Float32Array {
    return readTensor({ read: (name) => this.#readOnce(name) }, ref)
  }

  /** A tensor of the checkpoint, or its part, in its stored shape; or else `values` made of it, in theirs. */
  tensor(
    ref: TensorRef,
    dims: readonly number[] = ref.part === undefined ? ref.shape : ref.shape.slice(1),
    values = this.read(ref),
  ): Value {
    return this.weight(tensorName(ref), values, dims)
  }

  /** Forgets what was read, which would else live as long as the built model. */
  override build(): OnnxGraph {
    this.#values.clear()
    return super.build()
  }

  #readOnce(name: string): Float32Array {
    const values = this.#values.get(name) ?? this.checkpoint.read(name)
    this.#values.set(name, values)
    return values
  }
}

export function readTensor(
  checkpoint: Pick<Checkpoint, 'read'>,
  { name, shape, part }: TensorRef,
): Float32Array {
  const values = checkpoint.read(name)
  if (part === undefined) return values
  const size = values.length / (shape[0] as number)
  return values.subarray(part * size, (part + 1) * size)
}

export function tensorName({ name, part }: TensorRef): string {
  return part === undefined ? name : `${name}[${part}]`
}
