import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import type { LinearSpec, TensorRef } from './decoder.js'
import { productByBlocks } from '../numerics/n-bit-products.js'
import type { Weight } from '../numerics/weight.js'
import { wholeNumberProducts } from '../numerics/int8-products.js'

/** Weights as nodes of a graph, and products with them. */

interface ProductOptions {
  /** Scales the product and the bias. */
  readonly alpha?: number
  /** Added last, `[rows, out]`, or what broadcasts to it. */
  readonly added?: Value
}

/** alpha (x W^T + bias) + added, `[rows, out]`. */
export function linear(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  spec: LinearSpec,
  x: Value,
  { alpha = 1, added }: ProductOptions = {},
): Value {
  const { numerics } = graph
  if (numerics === 'int8' || numerics === 'int4') {
    const product = productByBlocks(graph, numerics === 'int8' ? 8 : 4, x, outByIn(checkpoint, spec), alpha)
    const sum = withBias(graph, checkpoint, spec, product, alpha)
    return added === undefined ? sum : graph.node('Add', [sum, added])
  }
  const factors = [x, weightOf(graph, checkpoint, spec.weight)]
  const transB = spec.stored === 'out-in' ? 1 : 0
  if (!spec.bias) {
    const terms = added === undefined ? factors : [...factors, added]
    return graph.node('Gemm', terms, { transB, alpha: { float: alpha } })
  }
  const product = graph.node('Gemm', [...factors, weightOf(graph, checkpoint, spec.bias)], {
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
export function mlpInputLinears(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  x: Value,
  linears: readonly LinearSpec[],
): Value[] {
  if (graph.numerics !== 'w8a8') return linears.map((spec) => linear(graph, checkpoint, spec, x))
  const weights = linears.map((spec) => outByIn(checkpoint, spec))
  return wholeNumberProducts(graph, x, weights).map((product, i) =>
    withBias(graph, checkpoint, linears[i] as LinearSpec, product),
  )
}

function withBias(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  { bias }: LinearSpec,
  product: Value,
  alpha = 1,
): Value {
  if (!bias) return product
  const scaled = readTensor(checkpoint, bias).map((value) => alpha * value)
  return graph.node('Add', [product, graph.weight(tensorName(bias), scaled, [scaled.length])])
}

/** A tensor of the checkpoint, or its part, as f32 and in its stored shape. */
export function weightOf(graph: GraphBuilder, checkpoint: Checkpoint, ref: TensorRef): Value {
  const dims = ref.part === undefined ? ref.shape : ref.shape.slice(1)
  return graph.weight(tensorName(ref), readTensor(checkpoint, ref), dims)
}

/** A tensor's values as f32; those of a part share the whole tensor's memory. */
export function readTensor(checkpoint: Checkpoint, { name, shape, part }: TensorRef): Float32Array {
  const values = checkpoint.read(name)
  if (part === undefined) return values
  const size = values.length / (shape[0] as number)
  return values.subarray(part * size, (part + 1) * size)
}

export function tensorName({ name, part }: TensorRef): string {
  return part === undefined ? name : `${name}[${part}]`
}

/** A stored weight as a Linear's, `[out, in]`. */
function outByIn(checkpoint: Checkpoint, { weight, stored, inputs, outputs }: LinearSpec): Weight {
  const values = readTensor(checkpoint, weight)
  const name = tensorName(weight)
  if (stored === 'out-in') return { name, values, outputs, inputs }
  const turned = new Float32Array(values.length)
  for (let input = 0; input < inputs; input++)
    for (let output = 0; output < outputs; output++)
      turned[output * inputs + input] = values[input * outputs + output] as number
  return { name, values: turned, outputs, inputs }
}
