import type { Checkpoint } from '../weights/checkpoint.js'
import type { DecoderSpec, LinearSpec, NormSpec } from './decoder.js'
import { readTensor } from './model-graph.js'
import { concatenated, weightRefs } from './norms.js'

/** A token's row of block 0's `resid_pre`, `[d_model]`. Throws MODEL on a token out of range. */
export function embedToken(
  checkpoint: Checkpoint,
  { embedding, dModel }: DecoderSpec,
  token: number,
  position: number,
): Float32Array {
  const { tokens, scale, positions, norm, projection } = embedding
  const read = (name: string, row: number) => checkpoint.readRows(name, [row])
  let row: Float32Array = read(tokens.name, token)
  const factor = Math.fround(scale)
  if (factor !== 1) row = row.map((value) => value * factor)
  if (projection) row = project(checkpoint, projection, row)
  if (norm) row = normed(checkpoint, norm, row)
  if (!positions) return row
  const ofPosition = read(positions.table.name, position + positions.offset)
  if (ofPosition.length !== dModel) throw new Error('positions are as wide as the residual stream')
  return row.map((value, i) => value + (ofPosition[i] as number))
}

function project(
  checkpoint: Checkpoint,
  { weight, inputs, outputs }: LinearSpec,
  row: Float32Array,
): Float32Array {
  const matrix = readTensor(checkpoint, weight)
  return Float32Array.from({ length: outputs }, (_, output) => {
    let sum = 0
    for (let i = 0; i < inputs; i++) sum += (matrix[output * inputs + i] as number) * (row[i] as number)
    return sum
  })
}

function normed(checkpoint: Checkpoint, spec: NormSpec, row: Float32Array): Float32Array {
  const weight = concatenated(weightRefs(spec).map((ref) => readTensor(checkpoint, ref)))
  const bias = spec.bias ? readTensor(checkpoint, spec.bias) : null
  const mean = spec.kind === 'layer' ? row.reduce((a, b) => a + b, 0) / row.length : 0
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
  return row.map((value, i) => {
    const scale = (weight[i] ?? 1 - spec.weightOffset) + spec.weightOffset
    return ((value - mean) / Math.sqrt(variance + spec.epsilon)) * scale + (bias?.[i] ?? 0)
  })
}
