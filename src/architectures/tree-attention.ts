import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { BlockInputs } from './block-inputs.js'
import type { Alibi, AttentionSpec } from './decoder.js'
import type { ModelGraph } from './model-graph.js'

/** Where a block's attention is built: letters as in block.ts. */
export interface Context {
  readonly graph: ModelGraph
  readonly inputs: BlockInputs
  readonly attention: AttentionSpec
  /** Receives the attention weights, `[I, V, G, Sq, Sk]`. */
  readonly takePattern?: (weights: Value) => void
}

/** Rows of queries, keys and values, all heads side by side. */
export interface HeadRows {
  /** `[Q, heads * d_head]`, scaled */
  readonly queries: Value
  /** `[R, keyValueHeads * d_head]` */
  readonly keys: Value
  /** `[R, keyValueHeads * d_value]` */
  readonly values: Value
}

/**
 * Softmax(q k^T + mask) v per item and head over trees of rows, back to rows: `[Q, heads * d_value]`. The R rows' keys and
 * values are also output as `keys` and `values`, for runs of later rows. Letters: H heads, V
 * key-value heads, G query heads that share one, d the width of a head.
 */
export function treeAttention(context: Context, { queries, keys, values }: HeadRows): Value {
  const { graph, inputs, attention, takePattern } = context
  const { heads, keyValueHeads, dHead, dValue } = attention
  const group = heads / keyValueHeads
  const slots = (value: Value, of: Value) => graph.node('Gather', [value, of], { axis: 0 })
  const querySlots = slots(queries, inputs.querySlots) // [I Sq, H d]
  const behind = (cached: Value, value: Value) => graph.node('Concat', [cached, value], { axis: 0 }) // [C + R, ...]
  const keySlots = slots(behind(inputs.cachedKeys, keys), inputs.keySlots) // [I Sk, V d]
  const valueSlots = slots(behind(inputs.cachedValues, values), inputs.keySlots)
  graph.output('keys', keys, 'float', ['R', keyValueHeads * dHead])
  graph.output('values', values, 'float', ['R', keyValueHeads * dValue])
  const shape = (length: Value, ...rest: number[]) =>
    graph.node('Concat', [inputs.items, length, graph.ints(rest)], { axis: 0 })

  const q = graph.node('Reshape', [querySlots, shape(inputs.queryLength, keyValueHeads, group, dHead)]) // [I, Sq, V, G, d]
  const k = graph.node('Reshape', [keySlots, shape(inputs.keyLength, keyValueHeads, 1, dHead)]) // [I, Sk, V, 1, d]
  const v = graph.node('Reshape', [valueSlots, shape(inputs.keyLength, keyValueHeads, 1, dValue)])

  const qHeads = graph.node('Transpose', [q], { perm: [0, 2, 3, 1, 4] }) // [I, V, G, Sq, d]
  const kHeads = graph.node('Transpose', [k], { perm: [0, 2, 3, 4, 1] }) // [I, V, 1, d, Sk]
  const vHeads = graph.node('Transpose', [v], { perm: [0, 2, 3, 1, 4] }) // [I, V, 1, Sk, d]
  const raw = softcapped(graph, graph.node('MatMul', [qHeads, kHeads]), attention.softcap) // [I, V, G, Sq, Sk]
  const positioned = attention.alibi ? withAlibi(context, attention.alibi, raw) : raw
  const scores = graph.node('Add', [positioned, inputs.mask])
  const weights = softmax(context, scores) // [I, V, G, Sq, Sk]
  takePattern?.(weights)
  const mixed = graph.node('MatMul', [weights, vHeads]) // [I, V, G, Sq, d]

  const bySlot = graph.node('Transpose', [mixed], { perm: [0, 3, 1, 2, 4] }) // [I, Sq, V, G, d]
  const flat = graph.reshape(bySlot, -1, heads * dValue) // [I Sq, H d]
  return graph.node('Gather', [flat, inputs.slotOfRow], { axis: 0 })
}

/** cap tanh(x / cap) */
export function softcapped(graph: GraphBuilder, x: Value, cap: number | null): Value {
  if (cap === null) return x
  const limit = graph.constant('softcap', cap)
  return graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [x, limit])]), limit])
}

/** Adds slope times the key's position; the query's position cancels in the softmax. */
function withAlibi(
  { graph, inputs: { keyPositions }, attention: { heads, keyValueHeads } }: Context,
  { slopes, roundedToBf16 }: Alibi,
  scores: Value,
): Value {
  const dims = [keyValueHeads, heads / keyValueHeads, 1, 1]
  const bias = (of: Value) => graph.node('Mul', [keyPositions as Value, of]) // [I, V, G, 1, Sk]
  if (roundedToBf16 === null)
    return graph.node('Add', [scores, bias(graph.weight('alibi_slopes', Float32Array.from(slopes), dims))])
  const rounded = bias(graph.weight('alibi_slopes', Float32Array.from(slopes, toBf16), dims))
  const inBf16 = graph.node('Cast', [graph.node('Cast', [rounded], { to: bfloat16 })], { to: float })
  return graph.node('Add', [
    scores,
    graph.node('Mul', [inBf16, graph.constant('alibi_scale', roundedToBf16)]),
  ])
}

/** Over keys, plus a sink, whose share is dropped. */
function softmax({ graph, attention }: Context, scores: Value): Value {
  const { sinks, heads, keyValueHeads } = attention
  if (!sinks) return graph.node('Softmax', [scores], { axis: -1 })
  const last = graph.ints([4])
  const zeros = graph.node('Mul', [
    graph.node('ReduceMax', [scores, last], { keepdims: 1 }),
    graph.constant('zero', 0),
  ])
  const dims = [keyValueHeads, heads / keyValueHeads, 1, 1]
  const sink = graph.node('Add', [zeros, graph.tensor(sinks, dims)])
  // First, so that the keys follow, however many.
  const all = graph.node('Softmax', [graph.node('Concat', [sink, scores], { axis: -1 })], { axis: -1 })
  return graph.node('Slice', [all, graph.ints([1]), graph.ints([2 ** 31 - 1]), last])
}

/** ONNX's element types. */
const float = 1
const bfloat16 = 16

function toBf16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)
  const rest = bits[0] as number
  bits[0] = ((rest + 0x7fff + ((rest >>> 16) & 1)) & 0xffff0000) >>> 0
  return new Float32Array(bits.buffer)[0] as number
}
