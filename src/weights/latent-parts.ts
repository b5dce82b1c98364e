import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from './checkpoint.js'
import { type JoinedTensor, withJoinedTensors } from './joined-tensors.js'

/**
 * Multi-head latent attention as llama.cpp converts it since 2025: what takes the latent to keys and values is two tensors,
 * `k_b_proj`, `[heads, latent, width of a key]`, and `v_b_proj`, `[heads, width of a value, latent]`. They are read as Hugging
 * Face's `kv_b_proj`: for each head its rows of keys, then those of values. Throws WEIGHTS where two do not fit.
 */
export function withJoinedLatents(checkpoint: Checkpoint): Checkpoint {
  const joined = new Map<string, JoinedTensor>()
  for (const [keys, { shape }] of checkpoint.tensors) {
    if (!keys.endsWith('.k_b_proj.weight')) continue
    const values = keys.replace('.k_b_proj.', '.v_b_proj.')
    const [heads = 0, latent = 0, ofKey = 0] = shape
    const [others, ofValue = 0, rank] = checkpoint.tensors.get(values)?.shape ?? []
    if (shape.length !== 3 || others !== heads || rank !== latent)
      throw new TaskvecError('WEIGHTS', `${checkpoint.path}: ${keys} has no ${values} that fits it`)
    joined.set(keys.replace('.k_b_proj.', '.kv_b_proj.'), {
      shape: [heads * (ofKey + ofValue), latent],
      parts: [keys, values],
      join: (k, v) => rowsByHead(k, v, { heads, latent, ofKey, ofValue }),
    })
  }
  return withJoinedTensors(checkpoint, joined)
}

function rowsByHead(
  keys: Float32Array,
  values: Float32Array,
  { heads, latent, ofKey, ofValue }: { heads: number; latent: number; ofKey: number; ofValue: number },
): Float32Array {
  const out = new Float32Array(keys.length + values.length)
  for (let head = 0; head < heads; head++) {
    const first = head * (ofKey + ofValue) * latent
    for (let row = 0; row < ofKey; row++)
      for (let column = 0; column < latent; column++)
        out[first + row * latent + column] = keys[(head * latent + column) * ofKey + row] as number
    out.set(values.subarray(head * ofValue * latent, (head + 1) * ofValue * latent), first + ofKey * latent)
  }
  return out
}
