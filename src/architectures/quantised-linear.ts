import type { NumericsMode } from '../domain/numerics.js'
import type { GraphBuilder, Value } from '../onnx/graph.js'
import { hadamard, turn } from './hadamard.js'

/** A Linear's weight, `[out, in]`, as f32. */
export interface Weight {
  readonly name: string
  readonly values: Float32Array
  readonly outputs: number
  readonly inputs: number
}

/** alpha x W^T, `[rows, out]`, approximately: the weights are quantised here, when the graph is built. */
export function quantisedProduct(
  graph: GraphBuilder,
  mode: Exclude<NumericsMode, 'f32'>,
  x: Value,
  weight: Weight,
  alpha: number,
): Value {
  switch (mode) {
    case 'w8a8':
    case 'w8a16': {
      const even = evened(graph, x, weight)
      return wholeNumbers(graph, even.x, even.weight, alpha, mode === 'w8a8' ? 1 : 2)
    }
    default:
      return byBlocks(graph, x, weight, alpha, bitsOf[mode])
  }
}

const bitsOf = { int8: 8, int4: 4 } as const
/** Weights that share a scale in `int8` and `int4`, neighbours along the inputs. */
const blockSize = 32

/** Weights of 8 or 4 bits in blocks with a scale each; activations stay f32. */
function byBlocks(graph: GraphBuilder, x: Value, weight: Weight, alpha: number, bits: 8 | 4): Value {
  const { name, outputs, inputs } = weight
  const blocks = Math.ceil(inputs / blockSize)
  const { values, scales } = quantiseBlocks(weight, bits)
  return graph.node(
    'MatMulNBits',
    [
      x,
      graph.quantised(name, values, [outputs, blocks, (blockSize * bits) / 8]),
      graph.weight(
        `${name}.scales`,
        scales.map((scale) => alpha * scale),
        [outputs * blocks],
      ),
    ],
    { K: inputs, N: outputs, bits, block_size: blockSize },
    'com.microsoft',
  )
}

/** Neighbouring inputs that are turned together: more would spread outliers further, but cost more. */
const turnedTogether = 64

/**
 * The same product of evener factors, since what is large takes the bits of what is small. Levelled: each input's weights
 * are divided by their root mean square and its activations multiplied by it. Turned: 64 neighbouring inputs at a time,
 * weights and activations alike, by Hadamard's orthogonal matrix, which spreads an outlier over all of them (QuaRot,
 * arXiv 2404.00456; there over all inputs).
 */
function evened(graph: GraphBuilder, x: Value, weight: Weight): { x: Value; weight: Weight } {
  const { name, values, inputs, outputs } = weight
  const squares = new Float32Array(inputs)
  values.forEach((value, i) => (squares[i % inputs] = (squares[i % inputs] as number) + value ** 2 / outputs))
  const sizes = squares.map((square) => Math.sqrt(square) || 1)
  const level = values.map((value, i) => value / (sizes[i % inputs] as number))
  const levelled = graph.node('Mul', [x, graph.weight(`${name}.inputs`, sizes, [inputs])])
  // The largest power of two that divides the inputs.
  const size = Math.min(turnedTogether, inputs & -inputs)
  const parts = graph.node('Reshape', [levelled, graph.ints([-1, size])])
  const product = graph.node('Gemm', [
    parts,
    graph.once('hadamard', String(size) as Value, () =>
      graph.weight(`hadamard_${size}`, hadamard(size), [size, size]),
    ),
  ])
  return {
    x: graph.node('Reshape', [product, graph.ints([-1, inputs])]),
    weight: { ...weight, values: turn(level, size) },
  }
}

/**
 * The weights, 8 bits with a scale per output, times activations of 8 bits with a scale per row, or of 16 as two
 * `digits` of 8: whole numbers, summed exactly, so that a row's result does not depend on the rows beside it.
 */
function wholeNumbers(graph: GraphBuilder, x: Value, weight: Weight, alpha: number, digits: 1 | 2): Value {
  const { name, outputs, inputs } = weight
  const { values, scales } = quantiseOutputs(weight)
  const quantisedWeight = graph.quantised(name, values, [inputs, outputs])
  const largest = graph.once('largest', x, () => {
    const magnitudes = graph.node('ReduceMax', [graph.node('Abs', [x]), graph.ints([1])], { keepdims: 1 })
    return graph.node('Max', [magnitudes, constant(graph, 'least', 1e-30)]) // a row of zeros stays one
  }) // [rows, 1]
  const middle = graph.once('middle', x, () => graph.quantised(`${x}.middle`, Uint8Array.of(128), []))
  const share = graph.once('share', x, () => graph.node('Div', [x, largest])) // [rows, in], -1 to 1
  const digit = (value: Value, step: Value) =>
    graph.once('digit', value, () => graph.node('QuantizeLinear', [value, step, middle])) // [rows, in], 1 to 255
  const byOutput = graph.weight(
    `${name}.scales`,
    scales.map((scale) => alpha * scale),
    [outputs],
  )
  /** `step`, of a digit in `share`, and the outputs' scales enter as the sums leave the registers. */
  const product = (quantised: Value, step: Value) =>
    graph.node(
      'MatMulIntegerToFloat',
      [quantised, quantisedWeight, step, byOutput, middle],
      {},
      'com.microsoft',
    )

  const step = constant(graph, 'step', 1 / 127)
  const high = digit(share, step)
  let sum = product(high, step)
  if (digits === 2) {
    const rest = graph.node('Sub', [share, graph.node('DequantizeLinear', [high, step, middle])]) // half a step at most
    const lowStep = constant(graph, 'low_step', 1 / 127 / 254)
    sum = graph.node('Add', [sum, product(digit(rest, lowStep), lowStep)])
  }
  return graph.node('Mul', [sum, largest])
}

function constant(graph: GraphBuilder, name: string, value: number): Value {
  return graph.once('constant', name as Value, () => graph.weight(name, Float32Array.of(value), []))
}

/** As MatMulNBits takes them: `[out, blocks, block]`, value = scale (stored - 2^(bits - 1)), the last block filled up. */
function quantiseBlocks({ values, outputs, inputs }: Weight, bits: 8 | 4) {
  const blocks = Math.ceil(inputs / blockSize)
  const middle = 2 ** (bits - 1)
  const quantised = new Uint8Array((outputs * blocks * blockSize * bits) / 8)
  const scales = new Float32Array(outputs * blocks)
  for (let block = 0; block < scales.length; block++) {
    const start = Math.floor(block / blocks) * inputs + (block % blocks) * blockSize
    const length = Math.min(blockSize, inputs - (block % blocks) * blockSize)
    let extreme = 0
    for (let i = start; i < start + length; i++)
      if (Math.abs(values[i] as number) > Math.abs(extreme)) extreme = values[i] as number
    // The extreme becomes the lowest level, of which there is one more than of the highest.
    const scale = -extreme / middle
    scales[block] = scale
    for (let i = 0; i < blockSize; i++) {
      const exact = i < length && scale !== 0 ? (values[start + i] as number) / scale : 0
      const level = Math.min(2 * middle - 1, Math.round(exact) + middle)
      const at = block * blockSize + i
      if (bits === 8) quantised[at] = level
      else quantised[at >> 1] = (quantised[at >> 1] as number) | (level << (4 * (at & 1)))
    }
  }
  return { values: quantised, scales }
}

/** `[in, out]`, as MatMulInteger takes them, with a scale for each output. */
function quantiseOutputs({ values, outputs, inputs }: Weight) {
  const quantised = new Int8Array(inputs * outputs)
  const scales = new Float32Array(outputs)
  for (let output = 0; output < outputs; output++) {
    let largest = 0
    for (let i = 0; i < inputs; i++)
      largest = Math.max(largest, Math.abs(values[output * inputs + i] as number))
    const scale = largest / 127
    scales[output] = scale
    if (scale === 0) continue
    for (let i = 0; i < inputs; i++)
      quantised[i * outputs + output] = Math.round((values[output * inputs + i] as number) / scale)
  }
  return { values: quantised, scales }
}
