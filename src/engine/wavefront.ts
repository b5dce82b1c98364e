import { attentionLayout } from './attention-layout.js'
import type { BlockSessions } from './block-sessions.js'
import type { EvaluateItem, Reading } from './engine.js'
import { readRows } from './readings.js'
import { ReusedBuffer } from './reused-buffer.js'
import { RowTree } from './row-tree.js'

/**
 * All layers of all items in one pass over the blocks (PROTOCOL, Main experiment).
 *
 * 1. The prompts of a chunk of items become a tree of rows: equal prefixes are computed once.
 * 2. After block L, θ_L of an item is the mean of its theta prompts' last rows.
 * 3. θ_L becomes a new row: one more last token of the patched prompt. It sees that prompt's earlier tokens and goes
 *    through blocks L+1.. only.
 * 4. Rows that nothing needs any more are left out: theta prompts after the last L asked for, and in the last block
 *    all but the rows that are read.
 *
 * Letters: R rows alive in a block, Q of them computed to its end.
 */
export interface ChunkResult {
  /** `[item][layer]` */
  readonly patched: Reading[][]
  /** `[item][plainPrompt]` */
  readonly plain: Reading[][]
  /** `[layers, d_model]`: the sum of θ_L over the chunk's items. */
  readonly thetaSum: Float64Array
  readonly macs: number
}

export async function evaluateChunk(
  sessions: BlockSessions,
  items: readonly EvaluateItem[],
  layers: readonly number[],
  beforeBlock: (layer: number) => Promise<void>,
): Promise<ChunkResult> {
  const { blocks, dModel, vocab } = sessions.shape
  const tree = new RowTree()
  const itemRows = items.map((item) => placeItem(tree, item, layers, blocks))
  const thetaSum = new Float64Array(layers.length * dModel)
  const packed = new ReusedBuffer()
  let macs = 0

  // Rows alive and their residual streams, in the same order.
  let alive = [...tree.tokens.keys()].filter((row) => at(tree.lastBlock, row) >= 0)
  let residual = sessions.embed(
    alive.map((row) => at(tree.tokens, row)),
    alive.map((row) => at(tree.positions, row)),
  ) // [R, d_model]
  const finalState = new Map<number, Float32Array>()

  for (let layer = 0; layer < blocks; layer++) {
    await beforeBlock(layer)
    const readAfter = rowsReadAfter(itemRows, layer, layers, blocks)
    const kept = (row: number) => at(tree.lastBlock, row) > layer
    const selected = alive.filter((row) => kept(row) || readAfter.has(row))
    const after = new Map<number, Float32Array>()
    if (selected.length > 0) {
      const layout = layoutOf(tree, itemRows, alive, selected)
      const indexOf = new Map(alive.map((row, i) => [row, i]))
      const out = await sessions.runBlock(layer, {
        residual,
        positions: alive.map((row) => at(tree.positions, row)),
        rows: selected.map((row) => indexOf.get(row) as number),
        layout,
      }) // [Q, d_model]
      selected.forEach((row, i) => after.set(row, out.subarray(i * dModel, (i + 1) * dModel)))
      macs += blockMacs(sessions, alive.length, selected.length, layout.pairs)
    }

    alive = selected.filter(kept)
    const position = layers.indexOf(layer)
    if (position >= 0) {
      for (const rows of itemRows) {
        if (rows.patchParent === null) continue
        const theta = meanOf(
          rows.thetaEnds.map((row) => after.get(row) as Float32Array),
          dModel,
        )
        theta.forEach(
          (value, i) =>
            (thetaSum[position * dModel + i] = (thetaSum[position * dModel + i] as number) + value),
        )
        const row = tree.addPatched(rows.patchParent, blocks - 1)
        rows.patchedEnds.push(row)
        rows.group.push(row)
        after.set(row, theta)
        alive.push(row)
      }
    }
    if (layer === blocks - 1) for (const [row, state] of after) finalState.set(row, state)
    residual = pack(alive, after, dModel, packed)
  }

  const reads = itemRows.flatMap((rows) =>
    [...rows.patchedEnds, ...rows.plainEnds].map((row) => ({ row, answer: rows.answerToken })),
  )
  const readings = await readRows(
    sessions,
    pack(
      reads.map(({ row }) => row),
      finalState,
      dModel,
      packed,
    ),
    reads.map(({ answer }) => answer),
  )
  macs += reads.length * vocab * dModel
  let next = 0
  const take = (count: number) => readings.slice(next, (next += count))
  const patched: Reading[][] = []
  const plain: Reading[][] = []
  for (const rows of itemRows) {
    patched.push(take(rows.patchedEnds.length))
    plain.push(take(rows.plainEnds.length))
  }
  return { patched, plain, thetaSum, macs }
}

interface ItemRows {
  /** Last rows of the theta prompts. */
  readonly thetaEnds: readonly number[]
  /** The row before the patched prompt's last token, -1 where that token is the only one; null: nothing is patched. */
  readonly patchParent: number | null
  readonly plainEnds: readonly number[]
  /** Rows of θ_L, one for each L passed. */
  readonly patchedEnds: number[]
  /** Every row that takes part in this item's attention. */
  readonly group: number[]
  readonly answerToken: number
}

function placeItem(tree: RowTree, item: EvaluateItem, layers: readonly number[], blocks: number): ItemRows {
  const lastLayer = layers.at(-1) ?? -1
  const theta = item.thetaPrompts.map((prompt) => tree.addPrompt(prompt, lastLayer))
  // θ rows look at the patched prompt's earlier tokens in every block after the first L.
  const prefixNeeded = item.patchedPrompt !== null && layers.length > 0 && (layers[0] as number) < blocks - 1
  const prefix =
    item.patchedPrompt === null
      ? []
      : tree.addPrompt(item.patchedPrompt.slice(0, -1), prefixNeeded ? blocks - 1 : -1)
  const plain = item.plainPrompts.map((prompt) => tree.addPrompt(prompt, blocks - 1))
  return {
    thetaEnds: theta.map(last),
    patchParent: item.patchedPrompt === null ? null : (prefix.at(-1) ?? -1),
    plainEnds: plain.map(last),
    patchedEnds: [],
    group: [...new Set([...theta, prefix, ...plain].flat())],
    answerToken: item.answerToken,
  }
}

/** Rows whose state after block `layer` is looked at: theta ends where L is asked for, all that is read at the end. */
function rowsReadAfter(
  items: readonly ItemRows[],
  layer: number,
  layers: readonly number[],
  blocks: number,
): Set<number> {
  const thetas = layers.includes(layer) ? items.flatMap((rows) => rows.thetaEnds) : []
  const ends = layer === blocks - 1 ? items.flatMap((rows) => [...rows.plainEnds, ...rows.patchedEnds]) : []
  return new Set([...thetas, ...ends])
}

/** Attention of the rows alive; rows are renumbered by their place among them. */
function layoutOf(
  tree: RowTree,
  items: readonly ItemRows[],
  alive: readonly number[],
  selected: readonly number[],
) {
  const indexOf = new Map(alive.map((row, i) => [row, i]))
  const groups = items
    .map((rows) => rows.group.flatMap((row) => indexOf.get(row) ?? []))
    .filter((group) => group.length > 0)
  const parents = alive.map((row) => indexOf.get(at(tree.parents, row)) ?? -1)
  return attentionLayout(
    groups,
    selected.map((row) => indexOf.get(row) as number),
    parents,
  )
}

function blockMacs(
  { architecture, shape }: BlockSessions,
  alive: number,
  selected: number,
  pairs: number,
): number {
  const { keyValueRow, fullRow } = architecture.macs(shape)
  return alive * keyValueRow + selected * (fullRow - keyValueRow) + 2 * pairs * shape.heads * shape.dHead
}

function meanOf(states: readonly Float32Array[], dModel: number): Float32Array {
  return Float32Array.from(
    { length: dModel },
    (_, i) => states.reduce((sum, state) => sum + at(state, i), 0) / states.length,
  )
}

function pack(
  rows: readonly number[],
  states: ReadonlyMap<number, Float32Array>,
  dModel: number,
  into: ReusedBuffer,
): Float32Array {
  const out = into.take(rows.length * dModel)
  rows.forEach((row, i) => out.set(states.get(row) as Float32Array, i * dModel))
  return out
}

function last(rows: readonly number[]): number {
  return rows.at(-1) as number
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number
}
