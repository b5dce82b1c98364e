import { z } from 'zod'
import type { GraphBuilder, Value } from '../onnx/graph.js'

/** Activation functions under the names that Hugging Face's config.json has for them. */
const builders = {
  /** x Φ(x), exact */
  gelu: (graph: GraphBuilder, x: Value) => graph.node('Gelu', [x], {}, 'com.microsoft'),
  /** x Φ(x) by a tanh; the next two are the same function */
  gelu_new: tanhGelu,
  gelu_fast: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  /** QuickGelu is x sigmoid(alpha x): with alpha 1 it is SiLU in one pass. */
  silu: (graph: GraphBuilder, x: Value) =>
    graph.node('QuickGelu', [x], { alpha: { float: 1 } }, 'com.microsoft'),
  relu: (graph: GraphBuilder, x: Value) => graph.node('Relu', [x]),
} satisfies Record<string, (graph: GraphBuilder, x: Value) => Value>

export type Activation = keyof typeof builders

/** A config's field; other names are refused with the list of these. */
export const activationField = z.enum(Object.keys(builders) as [Activation, ...Activation[]])

export function activate(graph: GraphBuilder, activation: Activation, x: Value): Value {
  return builders[activation](graph, x)
}

function tanhGelu(graph: GraphBuilder, x: Value): Value {
  return graph.node('FastGelu', [x], {}, 'com.microsoft')
}
