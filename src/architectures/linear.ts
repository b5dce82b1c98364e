import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { productByBlocks } from './weight-blocks.js'
import type { Weight } from './weight.js'
import { wholeNumberProducts } from './whole-numbers.js'

/** Weights as nodes of a graph, and products with them. */

interface LinearOptions {
  /** Scales the product and the bias. */
  readonly alpha?: number
  readonly bias?: boolean
  /** How the checkpoint stores the weight: `[out, in]`, a Linear's way (default), or `[in, out]`, GPT-2's Conv1D. */
  readonly stored?: 'out-in' | 'in-out'
}

/** alpha (x W^T + bias) + added, `[rows, out]`; W and bias are the checkpoint's `name.weight` and `name.bias`. */
export function linear(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  name: string,
  x: Value,
  options: LinearOptions & {
    /** `[rows, out]`, or what broadcasts to it. */
    readonly added?: Value
  } = {},
): Value {
  const { alpha = 1, bias = false, added, stored = 'out-in' } = options
  const { numerics } = graph
  if (numerics === 'int8' || numerics === 'int4') {
    const weight = outByIn(checkpoint, name, stored)
    const product = productByBlocks(graph, numerics === 'int8' ? 8 : 4, x, weight, alpha)
    const sum = withBias(graph, checkpoint, name, product, options)
    return added === undefined ? sum : graph.node('Add', [sum, added])
  }
  const factors = [x, weightOf(graph, checkpoint, `${name}.weight`)]
  const transB = stored === 'out-in' ? 1 : 0
  if (!bias) {
    const terms = added === undefined ? factors : [...factors, added]
    return graph.node('Gemm', terms, { transB, alpha: { float: alpha } })
  }
  const product = graph.node('Gemm', [...factors, weightOf(graph, checkpoint, `${name}.bias`)], {
    transB,
    alpha: { float: alpha },
    beta: { float: alpha },
  })
  return added === undefined ? product : graph.node('Add', [product, added])
}

/** One of the Linears that read the same value: of all its rows, or of those that `rows` takes. */
interface Reader extends LinearOptions {
  readonly name: string
  readonly rows?: (value: Value) => Value
}

/**
 * What each Linear gives that reads `normed`, the output of a norm, `[rows, out]` each. These are the products that `w8a8` takes in
 * whole numbers: what attention and activations give has outliers, in which 8 bits lose the rest.
 */
export function normedLinears(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  normed: Value,
  readers: readonly Reader[],
): Value[] {
  if (graph.numerics !== 'w8a8')
    return readers.map(({ name, rows, ...options }) =>
      linear(graph, checkpoint, name, rows ? rows(normed) : normed, options),
    )
  const factors = readers.map(({ name, stored, alpha, rows }) => ({
    weight: outByIn(checkpoint, name, stored),
    alpha,
    rows,
  }))
  const products = wholeNumberProducts(graph, normed, factors)
  return readers.map((reader, i) => withBias(graph, checkpoint, reader.name, products[i] as Value, reader))
}

function withBias(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  name: string,
  product: Value,
  { alpha = 1, bias = false }: LinearOptions,
): Value {
  if (!bias) return product
  const scaled = checkpoint.read(`${name}.bias`).map((value) => alpha * value)
  return graph.node('Add', [product, graph.weight(`${name}.bias`, scaled, [scaled.length])])
}

/** A tensor of the checkpoint, as f32 and in its stored shape. */
export function weightOf(graph: GraphBuilder, checkpoint: Checkpoint, name: string): Value {
  return graph.weight(name, checkpoint.read(name), checkpoint.tensors.get(name)?.shape ?? [])
}

/** A stored weight as a Linear's, `[out, in]`. */
function outByIn(checkpoint: Checkpoint, linear: string, stored: LinearOptions['stored']): Weight {
  const name = `${linear}.weight`
  const values = checkpoint.read(name)
  const [rows = 0, columns = 0] = checkpoint.tensors.get(name)?.shape ?? []
  if (stored !== 'in-out') return { name, values, outputs: rows, inputs: columns }
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = values[row * columns + column] as number
  return { name, values: turned, outputs: columns, inputs: rows }
}
