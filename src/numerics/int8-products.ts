import type { GraphBuilder, Value } from '../onnx/graph.js'
import { hadamard, rotate } from './hadamard.js'
import type { Weight } from './weight.js'

/**
 * x W^T of each weight, `[rows, out]`, approximately: weights of 8 bits with a scale per output, quantised here, when the
 * graph is built, times activations of 8 bits with a scale per row. Integer sums are exact, so a row's result does
 * not depend on the other rows. `x` is quantised once for all of them.
 */
export function wholeNumberProducts(graph: GraphBuilder, x: Value, weights: readonly Weight[]): Value[] {
  const sizes = inputSizes(weights)
  const width = rotatedTogether(sizes.length)
  const { quantised, step } = quantiseRows(graph, smoothedAndRotated(graph, x, sizes, width))
  return weights.map((weight) => {
    const product = wholeNumberProduct(graph, quantised, rotatedWeight(weight, sizes, width))
    return graph.node('Mul', [product, step])
  })
}

/**
 * (quantised - 128) W^T, `[rows, out]`, with W quantised to 8 bits: the integer sum is exact on every processor, and
 * rounded when it is multiplied by the output's scale.
 */
export function wholeNumberProduct(graph: GraphBuilder, quantised: Value, weight: Weight): Value {
  const { name, outputs, inputs } = weight
  const { values, scales } = quantiseOutputs(weight)
  const byOutput = graph.weight(`${name}.scales`, scales, [outputs])
  return graph.node(
    'MatMulIntegerToFloat',
    [
      quantised,
      graph.quantised(name, values, [inputs, outputs]),
      graph.constant('one', 1),
      byOutput,
      middle(graph),
      middle(graph),
    ],
    {},
    'com.microsoft',
  )
}

/** Neighbouring inputs that are rotated together: more would spread outliers further, but cost more. */
const neighbours = 64

/** At most `neighbours`, and the largest power of two that divides the inputs. */
function rotatedTogether(inputs: number): number {
  return Math.min(neighbours, inputs & -inputs)
}

/** The root mean square of all weights of an input, per input. */
function inputSizes(weights: readonly Weight[]): Float32Array {
  const squares = new Float32Array(weights[0]?.inputs ?? 0)
  const rows = weights.reduce((sum, { outputs }) => sum + outputs, 0)
  for (const { values, inputs } of weights)
    values.forEach((value, i) => (squares[i % inputs] = (squares[i % inputs] as number) + value ** 2 / rows))
  return squares.map((square) => Math.sqrt(square) || 1)
}

/**
 * The same products of more even factors, since large values cost small ones their bits. Smoothed: each input's weights
 * are divided by their size and its activations multiplied by it. Rotated: neighbouring inputs, weights and activations alike, by
 * Hadamard's orthogonal matrix, which spreads an outlier over all of them (QuaRot, arXiv 2404.00456; there over all inputs).
 */
function smoothedAndRotated(graph: GraphBuilder, x: Value, sizes: Float32Array, width: number): Value {
  const smoothed = graph.node('Mul', [x, graph.weight(`${x}.sizes`, sizes, [sizes.length])])
  const parts = graph.reshape(smoothed, -1, width)
  const matrix = graph.once('hadamard', String(width) as Value, () =>
    graph.weight(`hadamard_${width}`, hadamard(width), [width, width]),
  )
  return graph.reshape(graph.node('Gemm', [parts, matrix]), -1, sizes.length)
}

function rotatedWeight(weight: Weight, sizes: Float32Array, width: number): Weight {
  const smoothed = weight.values.map((value, i) => value / (sizes[i % sizes.length] as number))
  return { ...weight, values: rotate(smoothed, width) }
}

/** 8 bits with zero point 128, and the `step` of each row, `[rows, 1]`. */
function quantiseRows(graph: GraphBuilder, x: Value): { quantised: Value; step: Value } {
  const axis = graph.ints([1])
  const highest = graph.node('ReduceMax', [x, axis], { keepdims: 1 })
  const lowest = graph.node('ReduceMin', [x, axis], { keepdims: 1 })
  const largest = graph.node('Max', [highest, graph.node('Neg', [lowest]), graph.constant('least', 1e-30)]) // keeps rows of zeros
  const step = graph.node('Mul', [largest, graph.constant('share', 1 / 127)])
  const steps = graph.reshape(step, -1)
  const middles = graph.node('Expand', [middle(graph), graph.node('Shape', [steps])])
  const quantised = graph.node('QuantizeLinear', [x, steps, middles], { axis: 0 })
  return { quantised, step }
}

function middle(graph: GraphBuilder): Value {
  return graph.once('constant', 'middle' as Value, () => graph.quantised('middle', Uint8Array.of(128), []))
}

/**
 * `[in, out]`, as MatMulInteger takes them, with zero point 128 and a scale for each output. Unsigned like the activations: with
 * signed weights, onnxruntime adds pairs of products in 16 bits on processors without VNNI or the like, which saturates.
 */
function quantiseOutputs({ values, outputs, inputs }: Weight) {
  const quantised = new Uint8Array(inputs * outputs).fill(128)
  const scales = new Float32Array(outputs)
  for (let output = 0; output < outputs; output++) {
    let largest = 0
    for (let i = 0; i < inputs; i++)
      largest = Math.max(largest, Math.abs(values[output * inputs + i] as number))
    const scale = largest / 127
    scales[output] = scale
    if (scale === 0) continue
    for (let i = 0; i < inputs; i++)
      quantised[i * outputs + output] = 128 + Math.round((values[output * inputs + i] as number) / scale)
  }
  return { values: quantised, scales }
}
