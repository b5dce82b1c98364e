import type { Checkpoint, TensorInfo } from './checkpoint.js'

/** A tensor stored as two others. */
export interface JoinedTensor {
  readonly shape: readonly number[]
  /** Names of the stored tensors; `readAhead` reads only the first. */
  readonly parts: readonly [string, string]
  readonly join: (first: Float32Array, second: Float32Array) => Float32Array
}

/** The checkpoint with `joined` tensors, keyed by name, in place of their parts. `readRows` cannot read joined tensors. */
export function withJoinedTensors(
  checkpoint: Checkpoint,
  joined: ReadonlyMap<string, JoinedTensor>,
): Checkpoint {
  if (joined.size === 0) return checkpoint
  const tensors = new Map<string, TensorInfo>(checkpoint.tensors)
  for (const [name, { shape, parts }] of joined) {
    const [first, second] = parts.map((part) => checkpoint.tensors.get(part) as TensorInfo) as [
      TensorInfo,
      TensorInfo,
    ]
    for (const part of parts) tensors.delete(part)
    tensors.set(name, { ...first, name, shape, byteLength: first.byteLength + second.byteLength })
  }
  return {
    ...checkpoint,
    tensors,
    readAhead: (name) => checkpoint.readAhead(joined.get(name)?.parts[0] ?? name),
    arrange(name, stored) {
      const { parts, join } = joined.get(name) ?? {}
      return parts && join
        ? join(checkpoint.arrange(parts[0], stored), checkpoint.read(parts[1]))
        : checkpoint.arrange(name, stored)
    },
    read(name) {
      const { parts, join } = joined.get(name) ?? {}
      return parts && join
        ? join(checkpoint.read(parts[0]), checkpoint.read(parts[1]))
        : checkpoint.read(name)
    },
  }
}
