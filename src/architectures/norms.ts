import type { Value } from '../onnx/graph.js'
import type { NormSpec, TensorRef } from './decoder.js'
import type { ModelGraph } from './model-graph.js'

/**
 * A norm over the last axis of `x`, `[rows, columns]`, or over every `width` of its columns. The output is multiplied by
 * `scale`, folded into the weight at no cost.
 */
export function norm(
  graph: ModelGraph,
  x: Value,
  spec: NormSpec,
  columns: number = spec.width,
  scale = 1,
): Value {
  const { width } = spec
  if (width === columns) return normLastAxis(graph, x, spec, scale)
  const byHead = graph.reshape(x, -1, columns / width, width)
  const normed = normLastAxis(graph, byHead, spec, scale)
  return graph.reshape(normed, -1, columns)
}

function normLastAxis(graph: ModelGraph, x: Value, spec: NormSpec, scale: number): Value {
  const { kind, width, epsilon, bias } = spec
  const opType = kind === 'rms' ? 'RMSNormalization' : 'LayerNormalization'
  const attributes = { axis: -1, epsilon: { float: epsilon } }
  const refs = weightRefs(spec)
  const values = concatenated(refs.map((ref) => graph.read(ref))).map(
    (value) => scale * (value + spec.weightOffset),
  )
  const everyHeadItsOwn = values.length > width
  const weight =
    refs.length === 0 || everyHeadItsOwn
      ? constants(graph, width, everyHeadItsOwn ? 1 : scale)
      : graph.tensor(refs[0] as TensorRef, [width], values)
  const scaledBias = bias && graph.read(bias).map((value) => scale * value)
  const biases = scaledBias ? [graph.weight(bias.name, scaledBias, [width])] : []
  const normed = graph.node(opType, [x, weight, ...biases], attributes)
  if (!everyHeadItsOwn) return normed
  const dims = [values.length / width, width]
  return graph.node('Mul', [normed, graph.tensor(refs[0] as TensorRef, dims, values)])
}

/** `width` times the same value. */
function constants(graph: ModelGraph, width: number, value: number): Value {
  const name = `constant_${width}_${value}` as Value
  return graph.once('constant', name, () => graph.weight(name, new Float32Array(width).fill(value), [width]))
}

export function weightRefs({ weight }: NormSpec): readonly TensorRef[] {
  if (weight === null) return []
  return 'name' in weight ? [weight] : weight
}

export function concatenated(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0] as Float32Array
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let next = 0
  for (const part of parts) {
    whole.set(part, next)
    next += part.length
  }
  return whole
}
