import { Tensor } from 'onnxruntime-node'
import {
  addedTable,
  attentionRaw,
  editOfRow,
  innerComponents,
  pattern,
  patternOf,
  scaleTable,
  type InnerComponent,
} from '../architectures/components.js'
import { type DecoderSpec, type LayerSpec } from '../architectures/decoder.js'
import { int64, type BlockInput } from './block-feeds.js'

/** Edits of the Q rows' components: each row takes one of the tables' V rows (architectures/components.ts). */
export interface BlockEdits {
  /** `[Q]` */
  readonly editOfRow: readonly number[]
  /** `[V, width]` each. */
  readonly tables: Readonly<
    Record<
      InnerComponent,
      { readonly scale: Float32Array; readonly added: Float32Array; readonly width: number }
    >
  >
}

export interface TappedInput {
  readonly edits: BlockEdits
  /** Query slots whose attention weights are output, at most one per item. */
  readonly patternSlots: readonly number[]
  /** Takes the residual stream after the block, `[Q, d_model]`. */
  readonly out: Float32Array
}

/** Outputs of a tapped block, `[Q, width]` each, after the edits. */
export interface TappedRows extends Readonly<Record<InnerComponent, Float32Array>> {
  /** Attention's output before its norm, if it is normed before it is added. */
  readonly attentionRaw: Float32Array | null
  /** Attention weights of the asked-for query slots, `[I, heads, Sk]`; zeros for items without one. */
  readonly pattern: Float32Array
}

/** The additional inputs and outputs of a tapped run; the run fills `rows`. */
export function tap(
  { dModel, layers }: DecoderSpec,
  layer: number,
  { rows: { length: rows }, layout }: BlockInput,
  { edits, patternSlots, out }: TappedInput,
): { feeds: Record<string, Tensor>; fetches: Record<string, Tensor>; rows: TappedRows } {
  const feeds: Record<string, Tensor> = { [editOfRow]: int64(edits.editOfRow) }
  const { attention, norms } = layers[layer] as LayerSpec
  const fetches: Record<string, Tensor> = { resid_post: new Tensor('float32', out, [rows, dModel]) }
  const fetched = (name: string, width: number) => {
    const values = new Float32Array(rows * width)
    fetches[name] = new Tensor('float32', values, [rows, width])
    return values
  }
  const inner = innerComponents.map((component) => {
    const { scale, added, width } = edits.tables[component]
    const dims = [scale.length / width, width]
    feeds[scaleTable(component)] = new Tensor('float32', scale, dims)
    feeds[addedTable(component)] = new Tensor('float32', added, dims)
    return [component, fetched(component, width)] as const
  })
  const { heads, keyValueHeads } = attention
  const { items, queryLength, keyLength } = layout
  const picked = new Float32Array(items * queryLength)
  for (const slot of patternSlots) picked[slot] = 1
  feeds[patternOf] = new Tensor('float32', picked, [items, 1, 1, 1, queryLength])
  const weights = new Float32Array(items * heads * keyLength)
  const dims = [items, keyValueHeads, heads / keyValueHeads, 1, keyLength]
  fetches[pattern] = new Tensor('float32', weights, dims)
  return {
    feeds,
    fetches,
    rows: {
      ...(Object.fromEntries(inner) as Record<InnerComponent, Float32Array>),
      attentionRaw: norms.afterAttention === null ? null : fetched(attentionRaw, dModel),
      pattern: weights,
    },
  }
}
