import type { AttentionSpec } from '../architectures/decoder.js'
import type { AttentionLayout } from './attention-layout.js'
import type { TappedRows } from './tapped-block.js'

/** Values in a block at the last tokens of a chunk's prompts; `heads` as inputs of the output projection. */
export interface LastTokens extends Omit<TappedRows, 'pattern'> {
  /** Each prompt's attention weights, `[heads, tokens]`. */
  readonly pattern: readonly Float32Array[]
  readonly resid_pre: Float32Array
  readonly resid_post: Float32Array
}

interface BlockRows {
  /** `[R, d_model]` */
  readonly residPre: Float32Array
  /** `[Q, d_model]` */
  readonly residPost: Float32Array
  /** Of the Q rows. */
  readonly taps: TappedRows
  /** `[items]`, in R and in Q. */
  readonly lastsBefore: readonly number[]
  readonly lastPlaces: readonly number[]
}

/** The last tokens' rows, in the items' order. */
export function lastRows(
  { heads, dValue }: AttentionSpec,
  dModel: number,
  { residPre, residPost, taps, lastsBefore, lastPlaces }: BlockRows,
): Omit<LastTokens, 'pattern'> {
  return {
    resid_pre: taken(residPre, lastsBefore, dModel),
    heads: taken(taps.heads, lastPlaces, heads * dValue),
    attn_out: taken(taps.attn_out, lastPlaces, dModel),
    resid_mid: taken(taps.resid_mid, lastPlaces, dModel),
    mlp_out: taken(taps.mlp_out, lastPlaces, dModel),
    resid_post: taken(residPost, lastPlaces, dModel),
    attentionRaw: taps.attentionRaw && taken(taps.attentionRaw, lastPlaces, dModel),
  }
}

/**
 * Of attention weights `[I, heads, Sk]` each prompt's part: its tokens are the first keys of every item that answers for its last one.
 *
 * @param prompts the query slot of each one's last token, and its length
 */
export function patternsOf(
  weights: Float32Array,
  prompts: readonly { readonly lastSlot: number; readonly tokens: number }[],
  heads: number,
  { queryLength, keyLength }: AttentionLayout,
): Float32Array[] {
  return prompts.map(({ lastSlot, tokens }) => {
    const first = Math.floor(lastSlot / queryLength) * heads
    const ofPrompt = new Float32Array(heads * tokens)
    for (let head = 0; head < heads; head++) {
      const from = (first + head) * keyLength
      ofPrompt.set(weights.subarray(from, from + tokens), head * tokens)
    }
    return ofPrompt
  })
}

function taken(values: Float32Array, rows: readonly number[], width: number): Float32Array {
  const out = new Float32Array(rows.length * width)
  rows.forEach((row, i) => out.set(values.subarray(row * width, (row + 1) * width), i * width))
  return out
}
