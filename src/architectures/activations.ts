import { z } from 'zod'
import type { GraphBuilder, Value } from '../onnx/graph.js'

/** Activation functions by their names in Hugging Face's config.json. */
const builders = {
  /** x Φ(x), exact */
  gelu,
  gelu_python: gelu,
  /** x Φ(x) approximated by tanh, under several names */
  gelu_new: tanhGelu,
  gelu_fast: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  gelu_accurate: tanhGelu,
  gelu_python_tanh: tanhGelu,
  /** x sigmoid(1.702 x) */
  quick_gelu: (graph: GraphBuilder, x: Value) => quickGelu(graph, x, 1.702),
  silu,
  swish: silu,
  relu,
  /** relu(x)^2 */
  relu2: (graph: GraphBuilder, x: Value) => {
    const positive = relu(graph, x)
    return graph.node('Mul', [positive, positive])
  },
  relu6: (graph: GraphBuilder, x: Value) => graph.node('Min', [relu(graph, x), graph.constant('six', 6)]),
  sigmoid: (graph: GraphBuilder, x: Value) => graph.node('Sigmoid', [x]),
  tanh: (graph: GraphBuilder, x: Value) => graph.node('Tanh', [x]),
  linear: (_graph: GraphBuilder, x: Value) => x,
  leaky_relu: (graph: GraphBuilder, x: Value) => graph.node('LeakyRelu', [x], { alpha: { float: 0.01 } }),
  hardswish: (graph: GraphBuilder, x: Value) => graph.node('HardSwish', [x]),
  /** x Φ(x), clipped at 10 */
  gelu_10: (graph: GraphBuilder, x: Value) => graph.node('Min', [gelu(graph, x), graph.constant('ten', 10)]),
  /** x tanh(log(1 + e^x)) */
  mish: (graph: GraphBuilder, x: Value) =>
    graph.node('Mul', [x, graph.node('Tanh', [graph.node('Softplus', [x])])]),
} satisfies Record<string, (graph: GraphBuilder, x: Value) => Value>

export type Activation = keyof typeof builders

/** A config's field; other names are refused, listing these. */
export const activationField = z.enum(Object.keys(builders) as [Activation, ...Activation[]])

export function activate(graph: GraphBuilder, activation: Activation, x: Value): Value {
  return builders[activation](graph, x)
}

/** x sigmoid(alpha x): with alpha 1 it is SiLU, in one pass. */
export function quickGelu(graph: GraphBuilder, x: Value, alpha: number): Value {
  return graph.node('QuickGelu', [x], { alpha: { float: alpha } }, 'com.microsoft')
}

function gelu(graph: GraphBuilder, x: Value): Value {
  return graph.node('Gelu', [x], {}, 'com.microsoft')
}

function silu(graph: GraphBuilder, x: Value): Value {
  return quickGelu(graph, x, 1)
}

function relu(graph: GraphBuilder, x: Value): Value {
  return graph.node('Relu', [x])
}

function tanhGelu(graph: GraphBuilder, x: Value): Value {
  return graph.node('FastGelu', [x], {}, 'com.microsoft')
}
