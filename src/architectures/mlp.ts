import type { Value } from '../onnx/graph.js'
import { activate, quickGelu } from './activations.js'
import type { ActivationSpec, MlpSpec } from './decoder.js'
import { linear, mlpInputLinears } from './linear.js'
import type { ModelGraph } from './model-graph.js'

/**
 * The output of the MLP, `[rows, d_model]`, of `x`, `[rows, d_model]`.
 * @param options of the last product
 */
export function mlp(
  graph: ModelGraph,
  spec: MlpSpec,
  x: Value,
  options: { readonly alpha?: number; readonly added?: Value } = {},
): Value {
  const { up } = spec
  const linears = up.kind === 'plain' ? [up.up] : up.kind === 'gated' ? [up.gate, up.up] : [up.gateUp]
  const products = mlpInputLinears(graph, x, linears)
  return linear(graph, spec.down, hidden(graph, spec, products), options)
}

/** `[rows, d_mlp]` */
function hidden(graph: ModelGraph, { up, activation }: MlpSpec, products: readonly Value[]): Value {
  if (up.kind === 'plain') return activated(graph, activation, products[0] as Value)
  const [gate, other] =
    up.kind === 'gated' ? (products as [Value, Value]) : halves(graph, products[0] as Value, up)
  if (typeof activation === 'object' && activation.kind === 'clamped-swiglu')
    return clampedSwiglu(graph, activation, gate, other)
  return graph.node('Mul', [activated(graph, activation, gate), other])
}

function halves(
  graph: ModelGraph,
  product: Value,
  { gateUp, order }: Extract<MlpSpec['up'], { kind: 'fused' }>,
): [Value, Value] {
  const { outputs } = gateUp
  if (order === 'columns')
    return [graph.slice(product, 0, outputs / 2, 1), graph.slice(product, outputs / 2, outputs, 1)]
  const from = (first: number) =>
    graph.node('Slice', [product, ...[first, outputs, 1, 2].map((value) => graph.ints([value]))])
  return [from(0), from(1)]
}

function activated(graph: ModelGraph, activation: ActivationSpec, x: Value): Value {
  if (typeof activation === 'string') return activate(graph, activation, x)
  if (activation.kind === 'xielu') return xielu(graph, activation, x)
  throw new Error('a clamped SwiGLU needs a gate')
}

function clampedSwiglu(
  graph: ModelGraph,
  { alpha, limit }: Extract<ActivationSpec, { kind: 'clamped-swiglu' }>,
  gate: Value,
  up: Value,
): Value {
  const [most, least] = [graph.constant('swiglu_limit', limit), graph.constant('swiglu_least', -limit)]
  const gated = quickGelu(graph, graph.node('Min', [gate, most]), alpha)
  const shifted = graph.node('Add', [graph.node('Clip', [up, least, most]), graph.constant('swiglu_one', 1)])
  return graph.node('Mul', [shifted, gated])
}

/** x > 0: p x^2 + b x; else n (exp(min(x, e)) - 1 - x) + b x, with p = softplus(positive), n = b + softplus(negative). */
function xielu(
  graph: ModelGraph,
  { positive, negative, beta, epsilon }: Extract<ActivationSpec, { kind: 'xielu' }>,
  x: Value,
): Value {
  const read = (ref: typeof positive) => graph.read(ref)[0] as number
  const weight = (ref: typeof positive, value: number) => graph.tensor(ref, [1], Float32Array.of(value))
  const softplus = (value: number) => Math.log1p(Math.exp(value))
  const b = read(beta)
  const quadratic = graph.node('Mul', [weight(positive, softplus(read(positive))), graph.node('Mul', [x, x])])
  const cut = graph.node('Min', [x, weight(epsilon, read(epsilon))])
  const exponential = graph.node('Sub', [graph.node('Exp', [cut]), graph.constant('xielu_one', 1)])
  const below = graph.node('Mul', [
    graph.node('Sub', [exponential, x]),
    weight(negative, b + softplus(read(negative))),
  ])
  const curve = graph.node('Where', [
    graph.node('Greater', [x, graph.constant('xielu_zero', 0)]),
    quadratic,
    below,
  ])
  return graph.node('Add', [curve, graph.node('Mul', [x, weight(beta, b)])])
}
