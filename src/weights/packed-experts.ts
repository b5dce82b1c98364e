import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from './checkpoint.js'
import { type JoinedTensor, withJoinedTensors } from './joined-tensors.js'

/**
 * The gpt-oss repositories store experts in MXFP4: `NAME_blocks`, `[experts, outputs, groups, 16]` bytes of two values each, low
 * nibble first, and `NAME_scales`, `[experts, outputs, groups]` exponents (bias 127). We read them as `NAME`,
 * `[experts, 32 * groups, outputs]`, the way transformers unpacks them (integrations/mxfp4.py).
 */
const parts = /_(blocks|scales)$/

/** E2M1 values, indexed by their four bits. */
const values = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6]
const bytesPerGroup = 16

export function isPacked(name: string): boolean {
  return parts.test(name)
}

/** Replaces each pair of packed tensors with the tensor it encodes. Throws WEIGHTS if blocks have no matching scales. */
export function withUnpackedExperts(checkpoint: Checkpoint): Checkpoint {
  const packed = new Map<string, JoinedTensor>()
  for (const [name, blocks] of checkpoint.tensors) {
    if (!name.endsWith('_blocks') || blocks.type !== 'U8') continue
    const whole = name.replace(parts, '')
    const scales = checkpoint.tensors.get(`${whole}_scales`)
    if (
      scales?.type !== 'U8' ||
      blocks.shape.length !== 4 ||
      blocks.shape.join() !== [...scales.shape, bytesPerGroup].join()
    )
      throw new TaskvecError('WEIGHTS', `${checkpoint.path}: ${name} has no ${whole}_scales that fit it`)
    const [experts = 0, outputs = 0, groups = 0] = scales.shape
    packed.set(whole, {
      shape: [experts, 2 * bytesPerGroup * groups, outputs],
      parts: [name, `${whole}_scales`],
      join: (values, exponents) => unpacked(scales.shape, values, exponents),
    })
  }
  return withJoinedTensors(checkpoint, packed)
}

function unpacked(
  [experts = 0, outputs = 0, groups = 0]: readonly number[],
  blocks: Float32Array,
  scales: Float32Array,
): Float32Array {
  const inputs = 2 * bytesPerGroup * groups
  const out = new Float32Array(experts * inputs * outputs)
  for (let group = 0; group < scales.length; group++) {
    const [row, within] = [Math.floor(group / groups), group % groups]
    const [expert, output] = [Math.floor(row / outputs), row % outputs]
    const scale = 2 ** ((scales[group] as number) - 127)
    for (let i = 0; i < bytesPerGroup; i++) {
      const byte = blocks[group * bytesPerGroup + i] as number
      const input = 2 * (within * bytesPerGroup + i)
      const at = (expert * inputs + input) * outputs + output
      out[at] = scale * (values[byte & 15] as number)
      out[at + outputs] = scale * (values[byte >> 4] as number)
    }
  }
  return out
}
