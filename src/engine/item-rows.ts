import type { EvaluateItem, EvaluateRequest } from './engine.js'
import type { RowTree } from './row-tree.js'

/** One item's place in a tree of rows. */
export interface ItemRows {
  /** Last rows of the theta prompts. */
  readonly thetaEnds: readonly number[]
  /** The row before the patched prompt's last token, -1 where that token is the only one; null: nothing is patched. */
  readonly patchParent: number | null
  /** The patched prompt's own last row, if θ is added to its state or an answer continues after it; else none. */
  readonly own: readonly number[]
  readonly plainEnds: readonly number[]
  /** Rows of θ_L, one for each L passed. */
  readonly patchedEnds: number[]
  /** Every row that takes part in this item's attention. */
  readonly group: number[]
  readonly answerToken: number
  readonly answerTokens: readonly number[]
  /** `[layers, d_model]` */
  readonly givenTheta: Float32Array | undefined
}

export function placeItem(
  tree: RowTree,
  item: EvaluateItem,
  { layers, patch, generate }: Pick<EvaluateRequest, 'layers' | 'patch' | 'generate'>,
  blocks: number,
): ItemRows {
  const { thetaPrompts, patchedPrompt, plainPrompts, answerToken, answerTokens = [], givenTheta } = item
  const last = layers.at(-1) ?? -1
  const theta = thetaPrompts.map((prompt) => tree.addPrompt(prompt, last))
  // θ rows attend to the patched prompt's earlier tokens in every block after the first L.
  const prefixNeeded = layers.length > 0 && (generate || (layers[0] as number) < blocks - 1)
  const prefix = tree.addPrompt(patchedPrompt?.slice(0, -1) ?? [], prefixNeeded ? blocks - 1 : -1)
  const own = patch === 'add' || generate ? tree.addPrompt(patchedPrompt ?? [], last) : []
  const plain = plainPrompts.map((prompt) => tree.addPrompt(prompt, blocks - 1))
  const plainEnds = plain.map((rows) => rows.at(-1) as number)
  for (const row of plainEnds) tree.keep(row, blocks)
  return {
    thetaEnds: theta.map((rows) => rows.at(-1) as number),
    patchParent: patchedPrompt === null ? null : (prefix.at(-1) ?? -1),
    own: own.slice(-1),
    plainEnds,
    patchedEnds: [],
    group: [...new Set([...theta, prefix, own, ...plain].flat())],
    answerToken,
    answerTokens,
    givenTheta,
  }
}
