import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { quantisedProduct, type Weight } from './quantised-linear.js'

/** Weights as nodes of a graph, and products with them. */

interface LinearOptions {
  /** Scales the product and the bias. */
  readonly alpha?: number
  readonly bias?: boolean
  /** `[rows, out]`, or what broadcasts to it. */
  readonly added?: Value
  /** How the checkpoint stores the weight: `[out, in]`, a Linear's way (default), or `[in, out]`, GPT-2's Conv1D. */
  readonly stored?: 'out-in' | 'in-out'
}

/** alpha (x W^T + bias) + added, `[rows, out]`; W and bias are the checkpoint's `name.weight` and `name.bias`. */
export function linear(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  name: string,
  x: Value,
  { alpha = 1, bias = false, added, stored = 'out-in' }: LinearOptions = {},
): Value {
  if (graph.numerics !== 'f32') {
    const weight = outByIn(checkpoint, `${name}.weight`, stored)
    let sum = quantisedProduct(graph, graph.numerics, x, weight, alpha)
    if (bias) {
      const scaled = checkpoint.read(`${name}.bias`).map((value) => alpha * value)
      sum = graph.node('Add', [sum, graph.weight(`${name}.bias`, scaled, [weight.outputs])])
    }
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

/** A tensor of the checkpoint, as f32 and in its stored shape. */
export function weightOf(graph: GraphBuilder, checkpoint: Checkpoint, name: string): Value {
  return graph.weight(name, checkpoint.read(name), checkpoint.tensors.get(name)?.shape ?? [])
}

/** A stored weight as a Linear's, `[out, in]`. */
function outByIn(checkpoint: Checkpoint, name: string, stored: LinearOptions['stored']): Weight {
  const values = checkpoint.read(name)
  const [rows = 0, columns = 0] = checkpoint.tensors.get(name)?.shape ?? []
  if (stored !== 'in-out') return { name, values, outputs: rows, inputs: columns }
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = values[row * columns + column] as number
  return { name, values: turned, outputs: columns, inputs: rows }
}
