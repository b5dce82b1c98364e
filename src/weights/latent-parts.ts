import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from './checkpoint.js'
import { type JoinedTensor, withJoinedTensors } from './joined-tensors.js'

/**
 * Since 2025 llama.cpp splits the projection from latent to keys and values of multi-head latent attention in two:
 * `k_b_proj`, `[heads, latent, key width]`, and `v_b_proj`, `[heads, value width, latent]`. We join them into Hugging Face's
 * `kv_b_proj`, `[heads * (key width + value width), latent]`: for each head its key rows, then its value rows. Throws WEIGHTS
 * if a `k_b_proj` has no matching `v_b_proj`.
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
