import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { ModelShape, Rotary } from './architecture.js'

/**
 * What the blocks of all architectures share: their inputs, and attention over trees of rows.
 *
 * A block gets R rows `[R, d_model]`, in any order, and computes Q of them to the end (`rows`). Attention runs per
 * item: item i of I has Sq query slots and Sk key slots, each naming a row; slots may share rows, and short items are
 * padded. `mask` is 0 where a query slot may see a key slot and -inf elsewhere.
 */
export interface BlockInputs {
  /** `[R, d_model]` */
  readonly residual: Value
  /** `[I Sq]`, indices into the Q rows. */
  readonly querySlots: Value
  /** `[I Sk]`, indices into the R rows. */
  readonly keySlots: Value
  /** `[I, 1, 1, Sq, Sk]` */
  readonly mask: Value
  /** `[Q]`, for each of the Q rows, one of its query slots. */
  readonly slotOfRow: Value
  /** The sizes I and Sq, or Sk, as shape tensors of one entry each. */
  readonly items: Value
  readonly queryLength: Value
  readonly keyLength: Value
  /** The Q rows of a `[R, ...]` value. */
  readonly selectRows: (value: Value) => Value
  /** Rotary embedding of `[rows, heads * d_head]` at the rows' own positions. */
  readonly rotate: (value: Value, heads: number, rows: 'all' | 'selected') => Value
}

export function blockInputs(graph: GraphBuilder, shape: ModelShape): BlockInputs {
  const residual = graph.input('residual', 'float', ['R', shape.dModel])
  const rows = graph.input('rows', 'int64', ['Q'])
  const selectRows = (value: Value) =>
    graph.once('selected', value, () => graph.node('Gather', [value, rows], { axis: 0 }))
  return {
    residual,
    querySlots: graph.input('query_slots', 'int64', ['I_Sq']),
    keySlots: graph.input('key_slots', 'int64', ['I_Sk']),
    mask: graph.input('mask', 'float', ['I', 1, 1, 'Sq', 'Sk']),
    slotOfRow: graph.input('slot_of_row', 'int64', ['Q']),
    items: graph.input('items', 'int64', [1]),
    queryLength: graph.input('query_length', 'int64', [1]),
    keyLength: graph.input('key_length', 'int64', [1]),
    selectRows,
    rotate: shape.rotary ? rotation(graph, shape, shape.rotary, selectRows) : (value) => value,
  }
}

function rotation(
  graph: GraphBuilder,
  { dHead }: ModelShape,
  { width, interleaved }: Rotary,
  selectRows: BlockInputs['selectRows'],
): BlockInputs['rotate'] {
  const positions = graph.input('positions', 'int64', ['R', 1])
  const cosine = graph.input('rotary_cos', 'float', ['P', width / 2])
  const sine = graph.input('rotary_sin', 'float', ['P', width / 2])
  const selectedPositions = selectRows(positions)
  return (value, heads, which) => {
    // Each row is a sequence of its own, at its own position: [rows, 1, heads d_head].
    const asSequences = graph.node('Unsqueeze', [value, graph.ints([1])])
    const at = which === 'all' ? positions : selectedPositions
    const rotated = graph.node(
      'RotaryEmbedding',
      [asSequences, at, cosine, sine],
      {
        interleaved: interleaved ? 1 : 0,
        // The operator takes a width only where it is a part of the head.
        ...(width < dHead ? { rotary_embedding_dim: width, num_heads: heads } : {}),
      },
      'com.microsoft',
    )
    return graph.node('Squeeze', [rotated, graph.ints([1])])
  }
}

/**
 * Query, key and value, `[rows, heads * d_head]` each, of `[rows, heads * 3 * d_head]`: the three of head 0, then those
 * of head 1, and so on.
 */
export function splitHeads(
  graph: GraphBuilder,
  qkv: Value,
  heads: number,
  dHead: number,
): [Value, Value, Value] {
  const byHead = graph.node('Reshape', [qkv, graph.ints([-1, heads, 3 * dHead])])
  const flat = (part: Value) => graph.node('Reshape', [part, graph.ints([-1, heads * dHead])])
  return [0, 1, 2].map((index) => flat(slice(graph, byHead, index, dHead, 2))) as [Value, Value, Value]
}

/** The three thirds, `[rows, width]` each, of `[rows, 3 * width]`. */
export function splitColumns(graph: GraphBuilder, qkv: Value, width: number): [Value, Value, Value] {
  return [0, 1, 2].map((index) => slice(graph, qkv, index, width, 1)) as [Value, Value, Value]
}

function slice(graph: GraphBuilder, value: Value, index: number, width: number, axis: number): Value {
  const bounds = [index * width, (index + 1) * width, axis].map((bound) => graph.ints([bound]))
  return graph.node('Slice', [value, ...bounds])
}

/** `value` times a constant; a weight, since it may differ by layer where all blocks share one session (GPT-2). */
export function scaled(graph: GraphBuilder, value: Value, factor: number): Value {
  return graph.node('Mul', [value, graph.weight('scale', Float32Array.of(factor), [1])])
}

export interface TreeAttention {
  /** `[Q, heads * d_head]`, already scaled by 1 / sqrt(d_head) */
  readonly queries: Value
  /** `[R, keyValueHeads * d_head]` */
  readonly keys: Value
  readonly values: Value
  readonly inputs: BlockInputs
  readonly heads: number
  readonly keyValueHeads: number
  readonly dHead: number
}

/** Softmax(q k^T + mask) v per item and head, back to rows: `[Q, heads * d_head]`. */
export function treeAttention(
  graph: GraphBuilder,
  { queries, keys, values, inputs, heads, keyValueHeads, dHead }: TreeAttention,
): Value {
  const group = heads / keyValueHeads // query heads that share one key-value head
  const slots = (value: Value, of: Value) => graph.node('Gather', [value, of], { axis: 0 })
  const querySlots = slots(queries, inputs.querySlots) // [I Sq, H d]
  const keySlots = slots(keys, inputs.keySlots) // [I Sk, V d]
  const valueSlots = slots(values, inputs.keySlots)
  const shape = (length: Value, ...rest: number[]) =>
    graph.node('Concat', [inputs.items, length, graph.ints(rest)], { axis: 0 })

  const q = graph.node('Reshape', [querySlots, shape(inputs.queryLength, keyValueHeads, group, dHead)]) // [I, Sq, V, G, d]
  const k = graph.node('Reshape', [keySlots, shape(inputs.keyLength, keyValueHeads, 1, dHead)]) // [I, Sk, V, 1, d]
  const v = graph.node('Reshape', [valueSlots, shape(inputs.keyLength, keyValueHeads, 1, dHead)])

  const qHeads = graph.node('Transpose', [q], { perm: [0, 2, 3, 1, 4] }) // [I, V, G, Sq, d]
  const kHeads = graph.node('Transpose', [k], { perm: [0, 2, 3, 4, 1] }) // [I, V, 1, d, Sk]
  const vHeads = graph.node('Transpose', [v], { perm: [0, 2, 3, 1, 4] }) // [I, V, 1, Sk, d]
  const scores = graph.node('Add', [graph.node('MatMul', [qHeads, kHeads]), inputs.mask]) // [I, V, G, Sq, Sk]
  const mixed = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: -1 }), vHeads]) // [I, V, G, Sq, d]

  const bySlot = graph.node('Transpose', [mixed], { perm: [0, 3, 1, 2, 4] }) // [I, Sq, V, G, d]
  const flat = graph.node('Reshape', [bySlot, graph.ints([-1, heads * dHead])]) // [I Sq, H d]
  return graph.node('Gather', [flat, inputs.slotOfRow], { axis: 0 })
}
