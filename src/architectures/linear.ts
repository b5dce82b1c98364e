import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'

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
