import type { Value } from '../onnx/graph.js'
import type { LinearSpec } from './decoder.js'
import { tensorName, type ModelGraph } from './model-graph.js'
import { productByBlocks } from '../numerics/n-bit-products.js'
import type { Weight } from '../numerics/weight.js'
import { wholeNumberProducts } from '../numerics/int8-products.js'

interface ProductOptions {
  /** Scales the product and the bias. */
  readonly alpha?: number
  /** Added last, `[rows, out]`, or what broadcasts to it. */
  readonly added?: Value
}

/** alpha (x W^T + bias) + added, `[rows, out]`. */
export function linear(
  graph: ModelGraph,
  spec: LinearSpec,
  x: Value,
  { alpha = 1, added }: ProductOptions = {},
): Value {
  const { numerics } = graph
  if (numerics === 'int8' || numerics === 'int4') {
    const product = productByBlocks(graph, numerics === 'int8' ? 8 : 4, x, outByIn(graph, spec), alpha)
    const sum = withBias(graph, spec, product, alpha)
    return added === undefined ? sum : graph.node('Add', [sum, added])
  }
  const factors = [x, graph.tensor(spec.weight)]
  const transB = spec.stored === 'out-in' ? 1 : 0
  if (!spec.bias) {
    const terms = added === undefined ? factors : [...factors, added]
    return graph.node('Gemm', terms, { transB, alpha: { float: alpha } })
  }
  const product = graph.node('Gemm', [...factors, graph.tensor(spec.bias)], {
    transB,
    alpha: { float: alpha },
    beta: { float: alpha },
  })
  return added === undefined ? product : graph.node('Add', [product, added])
}

/**
 * The outputs `[rows, out]` of the Linears that read an MLP's input. These are the products that `w8a8` computes in integers. Errors of
 * queries and keys change the most predictions (docs/numerics.md), and the outputs of attention and activations have outliers that 8 bits
 * cannot represent along with the rest.
 */
export function mlpInputLinears(graph: ModelGraph, x: Value, linears: readonly LinearSpec[]): Value[] {
  if (graph.numerics !== 'w8a8') return linears.map((spec) => linear(graph, spec, x))
  const weights = linears.map((spec) => outByIn(graph, spec))
  return wholeNumberProducts(graph, x, weights).map((product, i) =>
    withBias(graph, linears[i] as LinearSpec, product),
  )
}

function withBias(graph: ModelGraph, { bias }: LinearSpec, product: Value, alpha = 1): Value {
  if (!bias) return product
  const scaled = graph.read(bias).map((value) => alpha * value)
  return graph.node('Add', [product, graph.tensor(bias, [scaled.length], scaled)])
}

/** A stored weight as a Linear's, `[out, in]`. */
function outByIn(graph: ModelGraph, { weight, stored, inputs, outputs }: LinearSpec): Weight {
  const values = graph.read(weight)
  const name = tensorName(weight)
  if (stored === 'out-in') return { name, values, outputs, inputs }
  const turned = new Float32Array(values.length)
  for (let input = 0; input < inputs; input++)
    for (let output = 0; output < outputs; output++)
      turned[output * inputs + input] = values[input * outputs + output] as number
  return { name, values: turned, outputs, inputs }
}
