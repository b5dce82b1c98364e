import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { activate, constant, quickGelu } from './activations.js'
import { slice } from './attention.js'
import type { ActivationSpec, MlpSpec } from './decoder.js'
import { linear, mlpInputLinears, readTensor, tensorName } from './linear.js'

/**
 * The output of the MLP, `[rows, d_model]`, of `x`, `[rows, d_model]`.
 * @param options of the last product
 */
export function mlp(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  spec: MlpSpec,
  x: Value,
  options: { readonly alpha?: number; readonly added?: Value } = {},
): Value {
  const { up } = spec
  const linears = up.kind === 'plain' ? [up.up] : up.kind === 'gated' ? [up.gate, up.up] : [up.gateUp]
  const products = mlpInputLinears(graph, checkpoint, x, linears)
  return linear(graph, checkpoint, spec.down, hidden(graph, checkpoint, spec, products), options)
}

/** `[rows, d_mlp]` */
function hidden(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  { up, activation }: MlpSpec,
  products: readonly Value[],
): Value {
  if (up.kind === 'plain') return activated(graph, checkpoint, activation, products[0] as Value)
  const [gate, other] =
    up.kind === 'gated' ? (products as [Value, Value]) : halves(graph, products[0] as Value, up)
  if (typeof activation === 'object' && activation.kind === 'clamped-swiglu')
    return clampedSwiglu(graph, activation, gate, other)
  return graph.node('Mul', [activated(graph, checkpoint, activation, gate), other])
}

function halves(
  graph: GraphBuilder,
  product: Value,
  { gateUp, order }: Extract<MlpSpec['up'], { kind: 'fused' }>,
): [Value, Value] {
  const { outputs } = gateUp
  if (order === 'columns')
    return [slice(graph, product, 0, outputs / 2, 1), slice(graph, product, outputs / 2, outputs, 1)]
  const from = (first: number) =>
    graph.node('Slice', [product, ...[first, outputs, 1, 2].map((value) => graph.ints([value]))])
  return [from(0), from(1)]
}

function activated(graph: GraphBuilder, checkpoint: Checkpoint, activation: ActivationSpec, x: Value): Value {
  if (typeof activation === 'string') return activate(graph, activation, x)
  if (activation.kind === 'xielu') return xielu(graph, checkpoint, activation, x)
  throw new Error('a clamped SwiGLU needs a gate')
}

function clampedSwiglu(
  graph: GraphBuilder,
  { alpha, limit }: Extract<ActivationSpec, { kind: 'clamped-swiglu' }>,
  gate: Value,
  up: Value,
): Value {
  const [most, least] = [constant(graph, 'swiglu_limit', limit), constant(graph, 'swiglu_least', -limit)]
  const gated = quickGelu(graph, graph.node('Min', [gate, most]), alpha)
  const shifted = graph.node('Add', [graph.node('Clip', [up, least, most]), constant(graph, 'swiglu_one', 1)])
  return graph.node('Mul', [shifted, gated])
}

/** x > 0: p x^2 + b x; else n (exp(min(x, e)) - 1 - x) + b x, with p = softplus(positive), n = b + softplus(negative). */
function xielu(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  { positive, negative, beta, epsilon }: Extract<ActivationSpec, { kind: 'xielu' }>,
  x: Value,
): Value {
  const read = (ref: typeof positive) => readTensor(checkpoint, ref)[0] as number
  const weight = (ref: typeof positive, value: number) =>
    graph.weight(tensorName(ref), Float32Array.of(value), [1])
  const softplus = (value: number) => Math.log1p(Math.exp(value))
  const b = read(beta)
  const quadratic = graph.node('Mul', [weight(positive, softplus(read(positive))), graph.node('Mul', [x, x])])
  const cut = graph.node('Min', [x, weight(epsilon, read(epsilon))])
  const exponential = graph.node('Sub', [graph.node('Exp', [cut]), constant(graph, 'xielu_one', 1)])
  const below = graph.node('Mul', [
    graph.node('Sub', [exponential, x]),
    weight(negative, b + softplus(read(negative))),
  ])
  const curve = graph.node('Where', [
    graph.node('Greater', [x, constant(graph, 'xielu_zero', 0)]),
    quadratic,
    below,
  ])
  return graph.node('Add', [curve, graph.node('Mul', [x, weight(beta, b)])])
}
