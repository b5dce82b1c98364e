import type { GraphBuilder, Value } from '../onnx/graph.js'
import { type AttentionSpec, type Rotary } from './decoder.js'
import { keyValueWidths, readsPositions } from './decoder-sizes.js'

/**
 * The inputs of every block.
 *
 * A block gets R rows `[R, d_model]`, in any order, and computes Q of them to the end (`rows`). C further rows are only attended
 * to: their keys and values are passed along from an earlier run. Attention runs per item: item i of I has Sq
 * query slots and Sk key slots, each naming a row, a cached one or one of the R behind them; slots may share rows, and
 * short items are padded. `mask` is 0 where a query slot may see a key slot and -1e30 elsewhere.
 */
export interface BlockInputs {
  /** `[R, d_model]` */
  readonly residPre: Value
  /** `[I Sq]`, indices into the Q rows. */
  readonly querySlots: Value
  /** `[I Sk]`, indices into the C + R rows. */
  readonly keySlots: Value
  /** `[C, ...]`: the `keys` and `values` outputs of those rows. */
  readonly cachedKeys: Value
  readonly cachedValues: Value
  /** `[I, 1, 1, Sq, Sk]` */
  readonly mask: Value
  /** `[Q]`, for each of the Q rows, one of its query slots. */
  readonly slotOfRow: Value
  /** The sizes I and Sq, or Sk, as shape tensors of one entry each. */
  readonly items: Value
  readonly queryLength: Value
  readonly keyLength: Value
  /** `[R, 1]`; null if the block does not need them. */
  readonly positions: Value | null
  /** `[I, 1, 1, 1, Sk]`, positions of the key slots, for ALiBi. */
  readonly keyPositions: Value | null
  /** The Q rows of a `[R, ...]` value. */
  readonly selectRows: (value: Value) => Value
  /** Rotary embedding of `[rows, heads * width of a head]` at the rows' own positions. */
  readonly rotate: (value: Value, heads: number, dHead: number, rows: 'all' | 'selected') => Value
}

export function blockInputs(graph: GraphBuilder, dModel: number, attention: AttentionSpec): BlockInputs {
  const residPre = graph.input('resid_pre', 'float', ['R', dModel])
  const rows = graph.input('rows', 'int64', ['Q'])
  const selectRows = (value: Value) =>
    graph.once('selected', value, () => graph.node('Gather', [value, rows], { axis: 0 }))
  const widths = keyValueWidths(attention)
  const inputs = {
    residPre,
    querySlots: graph.input('query_slots', 'int64', ['I_Sq']),
    keySlots: graph.input('key_slots', 'int64', ['I_Sk']),
    cachedKeys: graph.input('cached_keys', 'float', ['C', widths.keys]),
    cachedValues: graph.input('cached_values', 'float', ['C', widths.values]),
    mask: graph.input('mask', 'float', ['I', 1, 1, 'Sq', 'Sk']),
    slotOfRow: graph.input('slot_of_row', 'int64', ['Q']),
    items: graph.input('items', 'int64', [1]),
    queryLength: graph.input('query_length', 'int64', [1]),
    keyLength: graph.input('key_length', 'int64', [1]),
    selectRows,
  }
  const positions = readsPositions(attention) ? graph.input('positions', 'int64', ['R', 1]) : null
  const keyPositions = attention.alibi ? graph.input('key_positions', 'float', ['I', 1, 1, 1, 'Sk']) : null
  const { rotary } = attention
  const rotate =
    rotary && positions ? rotation(graph, rotary, positions, selectRows) : (value: Value) => value
  return { ...inputs, positions, keyPositions, rotate }
}

function rotation(
  graph: GraphBuilder,
  { width, interleaved }: Rotary,
  positions: Value,
  selectRows: BlockInputs['selectRows'],
): BlockInputs['rotate'] {
  const cosine = graph.input('rotary_cos', 'float', ['P', width / 2])
  const sine = graph.input('rotary_sin', 'float', ['P', width / 2])
  const selectedPositions = selectRows(positions)
  return (value, heads, dHead, which) => {
    // Each row is a separate sequence at its own position: [rows, 1, heads d_head].
    const asSequences = graph.node('Unsqueeze', [value, graph.ints([1])])
    const at = which === 'all' ? positions : selectedPositions
    const rotated = graph.node(
      'RotaryEmbedding',
      [asSequences, at, cosine, sine],
      {
        interleaved: interleaved ? 1 : 0,
        // The operator takes a width only for partial rotation.
        ...(width < dHead ? { rotary_embedding_dim: width, num_heads: heads } : {}),
      },
      'com.microsoft',
    )
    return graph.node('Squeeze', [rotated, graph.ints([1])])
  }
}
