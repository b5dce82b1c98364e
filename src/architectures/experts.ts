import type { Value } from '../onnx/graph.js'
import type { ExpertsSpec, Routing } from './decoder.js'
import { linear } from './linear.js'
import { mlp } from './mlp.js'
import type { ModelGraph } from './model-graph.js'

/** Which experts each row goes to, `[Q, k]`, and with what weight. */
interface Choice {
  readonly experts: Value
  readonly weights: Value
}

/** Mixture of experts over the rows of `x`, `[Q, d_model]`: each expert computes the rows routed to it, if any. */
export function expertsOutput(graph: ModelGraph, spec: ExpertsSpec, x: Value): Value {
  const { experts, weighsInput } = spec
  const choice = choose(graph, spec, x)
  let sum = spec.shared ? sharedOutput(graph, spec.shared, x) : zerosLike(graph, x)
  experts.forEach((expert, index) => {
    const { rows, weight } = sentTo(graph, choice, index) // [n, 1] each
    const input = graph.node('GatherND', [x, rows]) // [n, d_model]
    const weighed = weighsInput ? graph.node('Mul', [input, weight]) : input
    const output = mlp(graph, expert, weighed)
    const share = weighsInput ? output : graph.node('Mul', [output, weight])
    sum = graph.node('ScatterND', [sum, rows, share], { reduction: 'add' })
  })
  return sum
}

function sharedOutput(
  graph: ModelGraph,
  { mlp: spec, gate }: NonNullable<ExpertsSpec['shared']>,
  x: Value,
): Value {
  const output = mlp(graph, spec, x)
  if (!gate) return output
  return graph.node('Mul', [output, graph.node('Sigmoid', [linear(graph, gate, x)])])
}

function choose(graph: ModelGraph, { router, routing, perRow, experts }: ExpertsSpec, x: Value): Choice {
  const logits = linear(graph, router, x) // [Q, experts]
  if (routing.score === 'sparsemixer') return sparsemixer(graph, routing, perRow, logits)
  if (routing.score === 'chosen') {
    const { values, indices } = topK(graph, logits, perRow)
    return { experts: indices, weights: graph.node('Softmax', [values], { axis: -1 }) }
  }
  const scores =
    routing.score === 'sigmoid'
      ? graph.node('Sigmoid', [logits])
      : graph.node('Softmax', [logits], { axis: -1 })
  const corrected = routing.correction
    ? graph.node('Add', [scores, graph.tensor(routing.correction)])
    : scores
  const among = routing.groups ? onlyBestGroups(graph, routing.groups, corrected, experts.length) : corrected
  const { indices } = topK(graph, among, perRow)
  const chosen = graph.node('GatherElements', [scores, indices], { axis: 1 })
  return { experts: indices, weights: weighted(graph, routing, chosen) }
}

function weighted(graph: ModelGraph, { normalised, scale }: Routing, chosen: Value): Value {
  let weights = chosen
  if (normalised) {
    const sum = graph.node('ReduceSum', [weights, graph.ints([1])], { keepdims: 1 })
    weights = graph.node('Div', [weights, graph.node('Add', [sum, graph.constant('least_sum', 1e-20)])])
  }
  return scale === 1 ? weights : graph.node('Mul', [weights, graph.constant('routed_scale', scale)])
}

/** Scores outside the best groups become 0 or, if scores may be negative, lower than any other. */
function onlyBestGroups(
  graph: ModelGraph,
  { count, chosen, best }: NonNullable<Routing['groups']>,
  scores: Value,
  experts: number,
): Value {
  const grouped = graph.reshape(scores, -1, count, experts / count)
  const { values } = topK(graph, grouped, best)
  const judged = graph.node('ReduceSum', [values, graph.ints([2])], { keepdims: 0 }) // [Q, groups]
  const { indices } = topK(graph, judged, chosen)
  const nothing = zerosLike(graph, judged)
  const ones = zerosLike(graph, indices, 1)
  const kept = graph.node('ScatterElements', [nothing, indices, ones], { axis: 1 }) // 1 where a group is kept
  const mask = graph.node('Unsqueeze', [
    graph.node('Greater', [kept, graph.constant('half', 0.5)]),
    graph.ints([2]),
  ])
  const masked = graph.node('Where', [mask, grouped, graph.constant('no_score', -1e30)])
  return graph.reshape(masked, -1, experts)
}

/** Phi-3.5 MoE: each expert's weight is a softmax over the logits close to the largest remaining one. */
function sparsemixer(graph: ModelGraph, { jitter }: Routing, perRow: number, logits: Value): Choice {
  const lowest = graph.constant('no_logit', -1e30)
  const threshold = graph.constant('threshold', 2 * jitter)
  const experts: Value[] = []
  const weights: Value[] = []
  let left = logits
  for (let i = 0; i < perRow; i++) {
    const { values: highest, indices } = topK(graph, left, 1) // [Q, 1]
    const size = graph.node('Max', [graph.node('Abs', [logits]), highest])
    const distance = graph.node('Div', [graph.node('Sub', [highest, logits]), size])
    const near = graph.node('Where', [graph.node('Greater', [distance, threshold]), lowest, left])
    const shares = graph.node('Softmax', [near], { axis: -1 })
    experts.push(indices)
    weights.push(graph.node('GatherElements', [shares, indices], { axis: 1 }))
    const none = zerosLike(graph, indices, -1e30)
    left = graph.node('ScatterElements', [left, indices, none], { axis: 1 })
  }
  const beside = (values: readonly Value[]) => graph.node('Concat', values, { axis: 1 })
  return { experts: beside(experts), weights: beside(weights) }
}

/** The rows that go to an expert, `[n, 1]`, and their weights, `[n, 1]`. */
function sentTo(
  graph: ModelGraph,
  { experts, weights }: Choice,
  index: number,
): { rows: Value; weight: Value } {
  const chosen = graph.node('Equal', [experts, graph.ints([index])]) // [Q, k]
  const places = graph.node('Transpose', [graph.node('NonZero', [chosen])], { perm: [1, 0] }) // [n, 2]
  const rows = graph.node('Slice', [places, ...[0, 1, 1].map((bound) => graph.ints([bound]))])
  const weight = graph.node('Unsqueeze', [graph.node('GatherND', [weights, places]), graph.ints([1])])
  return { rows, weight }
}

/** Largest first, along the last axis; the lower index first among equals. */
function topK(graph: ModelGraph, values: Value, k: number): { values: Value; indices: Value } {
  const [top, indices] = graph.nodes('TopK', [values, graph.ints([k])], 2, { axis: -1 }) as [Value, Value]
  return { values: top, indices }
}

/** Of the same shape, all one f32 value. */
function zerosLike(graph: ModelGraph, x: Value, value = 0): Value {
  return graph.node('Expand', [graph.constant(`fill_${value}`, value), graph.node('Shape', [x])])
}
