import { attentionLayout } from './attention-layout.js'
import type { BlockSessions } from './block-sessions.js'
import type { EvaluateItem, Reading } from './engine.js'
import { readRows } from './readings.js'
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
 * Letters: R rows alive before a block, Q of them computed to its end.
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
  let macs = 0

  // The residual stream of the rows alive, in their order: [R, d_model] before a block, [Q, d_model] after it.
  let alive = [...tree.tokens.keys()].filter((row) => at(tree.lastBlock, row) >= 0)
  let before = new Float32Array((alive.length + layers.length * items.length) * dModel)
  let after = new Float32Array(before.length)
  before.set(
    sessions.embed(
      alive.map((row) => at(tree.tokens, row)),
      alive.map((row) => at(tree.positions, row)),
    ),
  )
  for (let layer = 0; layer < blocks; layer++) {
    await beforeBlock(layer)
    const thetasHere = layers.indexOf(layer)
    const thetaEnds = new Set(thetasHere < 0 ? [] : itemRows.flatMap((rows) => rows.thetaEnds))
    const selected = alive.filter((row) => at(tree.lastBlock, row) > layer || thetaEnds.has(row))
    if (selected.length > 0) {
      const indexOf = indices(tree, alive)
      const layout = layoutOf(tree, itemRows, alive, selected, indexOf)
      const input = {
        residual: before.subarray(0, alive.length * dModel),
        positions: alive.map((row) => at(tree.positions, row)),
        rows: selected.map((row) => at(indexOf, row)),
        layout,
      }
      await sessions.runBlock(layer, input, after.subarray(0, selected.length * dModel))
      macs += blockMacs(sessions, alive.length, selected.length, layout.pairs)
    }

    const afterIndex = indices(tree, selected)
    const stateOf = (row: number) =>
      after.subarray(at(afterIndex, row) * dModel, (at(afterIndex, row) + 1) * dModel)
    const patches =
      thetasHere < 0
        ? []
        : itemRows
            .filter(({ patchParent }) => patchParent !== null)
            .map((rows) => ({ rows, theta: meanOf(rows.thetaEnds.map(stateOf)) }))
    alive = selected.filter((row) => at(tree.lastBlock, row) > layer)
    moveRows(
      after,
      alive.map((row) => at(afterIndex, row)),
      dModel,
    )
    for (const { rows, theta } of patches) {
      addTo(thetaSum, theta, thetasHere * dModel)
      after.set(theta, alive.length * dModel)
      const row = tree.addPatched(rows.patchParent as number, blocks)
      rows.patchedEnds.push(row)
      rows.group.push(row)
      alive.push(row)
    }
    ;[before, after] = [after, before]
  }

  // Alive now: the rows that are read, each once, however many items share it.
  const reads = itemRows.flatMap(({ patchedEnds, plainEnds, answerToken }) =>
    [...patchedEnds, ...plainEnds].map((row) => ({ row, answerToken })),
  )
  const aliveIndex = indices(tree, alive)
  const readings = await readRows(
    sessions,
    before.subarray(0, alive.length * dModel),
    reads.map(({ row, answerToken }) => ({ row: at(aliveIndex, row), answerToken })),
  )
  macs += alive.length * vocab * dModel
  let next = 0
  const take = (count: number) => readings.slice(next, (next += count))
  const patched: Reading[][] = []
  const plain: Reading[][] = []
  for (const { patchedEnds, plainEnds } of itemRows) {
    patched.push(take(patchedEnds.length))
    plain.push(take(plainEnds.length))
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
  const theta = item.thetaPrompts.map((prompt) => tree.addPrompt(prompt, layers.at(-1) ?? -1))
  // θ rows look at the patched prompt's earlier tokens in every block after the first L.
  const prefixNeeded = layers.length > 0 && (layers[0] as number) < blocks - 1
  const prefix = tree.addPrompt(item.patchedPrompt?.slice(0, -1) ?? [], prefixNeeded ? blocks - 1 : -1)
  const plain = item.plainPrompts.map((prompt) => tree.addPrompt(prompt, blocks - 1))
  const plainEnds = plain.map((rows) => rows.at(-1) as number)
  for (const row of plainEnds) tree.keep(row, blocks)
  return {
    thetaEnds: theta.map((rows) => rows.at(-1) as number),
    patchParent: item.patchedPrompt === null ? null : (prefix.at(-1) ?? -1),
    plainEnds,
    patchedEnds: [],
    group: [...new Set([...theta, prefix, ...plain].flat())],
    answerToken: item.answerToken,
  }
}

/** Each row's place among `rows`; -1 for the tree's other rows. */
function indices(tree: RowTree, rows: readonly number[]): Int32Array {
  const places = new Int32Array(tree.size).fill(-1)
  rows.forEach((row, i) => (places[row] = i))
  return places
}

/** Attention of the rows alive, which are renumbered by their place among them. */
function layoutOf(
  tree: RowTree,
  items: readonly ItemRows[],
  alive: readonly number[],
  selected: readonly number[],
  indexOf: Int32Array,
) {
  const groups = items
    .map(({ group }) => group.map((row) => at(indexOf, row)).filter((index) => index >= 0))
    .filter((group) => group.length > 0)
  return attentionLayout(
    groups,
    selected.map((row) => at(indexOf, row)),
    alive.map((row) => indexOf[at(tree.parents, row)] ?? -1),
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

function meanOf(states: readonly Float32Array[]): Float32Array {
  return (states[0] as Float32Array).map(
    (_, i) => states.reduce((sum, state) => sum + at(state, i), 0) / states.length,
  )
}

function addTo(sum: Float64Array, values: Float32Array, offset: number): void {
  for (let i = 0; i < values.length; i++) sum[offset + i] = at(sum, offset + i) + at(values, i)
}

/** Moves rows `from` (ascending) to the front, in place; neighbours go together. */
function moveRows(states: Float32Array, from: readonly number[], dModel: number): void {
  for (let start = 0, end; start < from.length; start = end) {
    end = start + 1
    while (end < from.length && at(from, end) === at(from, end - 1) + 1) end++
    if (at(from, start) !== start)
      states.copyWithin(start * dModel, at(from, start) * dModel, (at(from, end - 1) + 1) * dModel)
  }
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number
}
