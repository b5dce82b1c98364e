import { firstSeen, macs, type LayerSpec } from '../architectures/decoder.js'
import { attentionLayout } from './attention-layout.js'
import type { BlockSessions } from './block-sessions.js'
import type { EvaluateItem, EvaluateRequest, AnswerMetrics } from './engine.js'
import { readRows } from './answer-metrics.js'
import { RowTree } from './row-tree.js'

/**
 * All layers of a chunk of items in one pass over the blocks (docs/protocol.md, Main experiment).
 *
 * 1. The prompts become a tree of rows: equal prefixes are computed once.
 * 2. After block L, θ_L of an item is the mean of its theta prompts' last rows, unless it is given.
 * 3. θ_L becomes a new row: one more last token of the patched prompt, in place of its own state or added to it. It sees
 *    that prompt's earlier tokens and goes through blocks L+1.. only.
 * 4. Rows that nothing needs any more are left out: theta prompts after the last L asked for, and in the last block
 *    all but the rows that are read.
 *
 * Letters: R rows alive before a block, Q of them computed to its end.
 */
export class WavefrontChunk {
  /** Multiply-adds so far, padding left out. */
  macs = 0
  readonly #tree = new RowTree()
  readonly #items: readonly ItemRows[]
  /** The residual stream of the rows alive, in their order: `[R, d_model]` before a block, `[Q, d_model]` after it. */
  #alive: number[]
  #before: Float32Array
  #after: Float32Array

  /** @param onTheta is told each θ_L: the item's place in the chunk, that of L in `layers`, `[d_model]` */
  constructor(
    private readonly sessions: BlockSessions,
    items: readonly EvaluateItem[],
    private readonly request: Pick<EvaluateRequest, 'layers' | 'givenTheta' | 'patch'>,
    private readonly onTheta: (item: number, layerIndex: number, theta: Float32Array) => void,
  ) {
    const tree = this.#tree
    const { blocks, dModel } = sessions.decoder
    this.#items = items.map((item) => placeItem(tree, item, request, blocks))
    this.#alive = [...tree.tokens.keys()].filter((row) => at(tree.lastBlock, row) >= 0)
    this.#before = new Float32Array((this.#alive.length + request.layers.length * items.length) * dModel)
    this.#after = new Float32Array(this.#before.length)
    this.#before.set(
      sessions.embed(
        this.#alive.map((row) => at(tree.tokens, row)),
        this.#alive.map((row) => at(tree.positions, row)),
      ),
    )
  }

  /** Takes the chunk through block `layer`; called for 0, 1, .. in order. */
  async runBlock(layer: number): Promise<void> {
    const selected = this.#select(layer)
    if (selected.length > 0) await this.#compute(layer, selected)

    const { dModel } = this.sessions.decoder
    const places = indices(this.#tree, selected)
    const stateOf = (row: number) =>
      this.#after.subarray(at(places, row) * dModel, (at(places, row) + 1) * dModel)
    const patches = this.#patches(layer, stateOf)
    const kept = this.#keep(layer, selected)
    moveRows(
      this.#after,
      kept.map((row) => at(places, row)),
      dModel,
    )
    patches.forEach((state, i) => this.#after.set(state, (kept.length + i) * dModel))
    ;[this.#before, this.#after] = [this.#after, this.#before]
  }

  /** The residual stream of the rows alive, `[R, d_model]`: with `macs`, all that a chunk between two blocks is. */
  get states(): Float32Array {
    return this.#states(this.#alive.length)
  }

  /** As if blocks 0 .. `blocksDone - 1` had been run; `bytes` are those of `states` then. */
  restore(blocksDone: number, bytes: Uint8Array, macs: number): void {
    for (let layer = 0; layer < blocksDone; layer++) this.#keep(layer, this.#select(layer))
    const { buffer, byteOffset, byteLength } = this.states
    new Uint8Array(buffer, byteOffset, byteLength).set(bytes)
    this.macs = macs
  }

  /** After the last block: each row that is read, once, however many items share it. */
  async read(): Promise<{ patched: AnswerMetrics[][]; plain: AnswerMetrics[][] }> {
    const { dModel, vocab } = this.sessions.decoder
    const places = indices(this.#tree, this.#alive)
    const questions = this.#items.flatMap(({ patchedEnds, plainEnds, answerToken }) =>
      [...patchedEnds, ...plainEnds].map((row) => ({ row: at(places, row), answerToken })),
    )
    const readings = await readRows(this.sessions, this.#states(this.#alive.length), questions)
    this.macs += this.#alive.length * vocab * dModel
    let next = 0
    const take = (count: number) => readings.slice(next, (next += count))
    const patched: AnswerMetrics[][] = []
    const plain: AnswerMetrics[][] = []
    for (const { patchedEnds, plainEnds } of this.#items) {
      patched.push(take(patchedEnds.length))
      plain.push(take(plainEnds.length))
    }
    return { patched, plain }
  }

  #states(rows: number): Float32Array {
    return this.#before.subarray(0, rows * this.sessions.decoder.dModel)
  }

  async #compute(layer: number, selected: readonly number[]): Promise<void> {
    const { sessions } = this
    const alive = this.#alive
    const places = indices(this.#tree, alive)
    const spec = sessions.decoder.layers[layer] as LayerSpec
    const layout = layoutOf(this.#tree, this.#items, alive, selected, places, spec)
    const input = {
      residual: this.#states(alive.length),
      positions: alive.map((row) => at(this.#tree.positions, row)),
      rows: selected.map((row) => at(places, row)),
      layout,
    }
    await sessions.runBlock(layer, input, this.#after.subarray(0, selected.length * sessions.decoder.dModel))
    const { keyValueRow, fullRow } = macs(spec)
    const { heads, dHead, dValue } = spec.attention
    this.macs +=
      alive.length * keyValueRow +
      selected.length * (fullRow - keyValueRow) +
      layout.pairs * heads * (dHead + dValue)
  }

  /** The rows that block `layer` computes to the end. */
  #select(layer: number): number[] {
    const asked = this.request.layers.includes(layer)
    const ends = new Set(
      asked ? this.#items.flatMap(({ thetaEnds, ownEnd }) => [...thetaEnds, ...ownEnd]) : [],
    )
    return this.#alive.filter((row) => at(this.#tree.lastBlock, row) > layer || ends.has(row))
  }

  /** Rows alive after block `layer`: those of `selected` that are still needed, which it returns, then those of θ. */
  #keep(layer: number, selected: readonly number[]): number[] {
    const tree = this.#tree
    const kept = selected.filter((row) => at(tree.lastBlock, row) > layer)
    const patched = this.request.layers.includes(layer) ? this.#items : []
    this.#alive = [
      ...kept,
      ...patched.flatMap(({ patchParent, patchedEnds, group }) => {
        if (patchParent === null) return []
        const row = tree.addPatched(patchParent, this.sessions.decoder.blocks)
        patchedEnds.push(row)
        group.push(row)
        return row
      }),
    ]
    return kept
  }

  /** The states that become last tokens of the patched prompts; copies, since the rows are about to be moved. */
  #patches(layer: number, stateOf: (row: number) => Float32Array): Float32Array[] {
    const layerIndex = this.request.layers.indexOf(layer)
    if (layerIndex < 0) return []
    const { dModel } = this.sessions.decoder
    return this.#items.flatMap(({ thetaEnds, patchParent, ownEnd, givenTheta }, item) => {
      const given = (givenTheta ?? this.request.givenTheta)?.subarray(
        layerIndex * dModel,
        (layerIndex + 1) * dModel,
      )
      if (!given && thetaEnds.length === 0) return []
      const theta = given ?? meanOf(thetaEnds.map(stateOf))
      if (!given) this.onTheta(item, layerIndex, theta)
      if (patchParent === null) return []
      const own = ownEnd.map(stateOf)[0]
      return [own ? sumOf(own, theta) : theta]
    })
  }
}

interface ItemRows {
  /** Last rows of the theta prompts. */
  readonly thetaEnds: readonly number[]
  /** The row before the patched prompt's last token, -1 where that token is the only one; null: nothing is patched. */
  readonly patchParent: number | null
  /** The patched prompt's own last row, where θ is added to its state. */
  readonly ownEnd: readonly number[]
  readonly plainEnds: readonly number[]
  /** Rows of θ_L, one for each L passed. */
  readonly patchedEnds: number[]
  /** Every row that takes part in this item's attention. */
  readonly group: number[]
  readonly answerToken: number
  /** `[layers, d_model]` */
  readonly givenTheta: Float32Array | undefined
}

function placeItem(
  tree: RowTree,
  { thetaPrompts, patchedPrompt, plainPrompts, answerToken, givenTheta }: EvaluateItem,
  { layers, patch }: Pick<EvaluateRequest, 'layers' | 'patch'>,
  blocks: number,
): ItemRows {
  const last = layers.at(-1) ?? -1
  const theta = thetaPrompts.map((prompt) => tree.addPrompt(prompt, last))
  // θ rows look at the patched prompt's earlier tokens in every block after the first L.
  const prefixNeeded = layers.length > 0 && (layers[0] as number) < blocks - 1
  const prefix = tree.addPrompt(patchedPrompt?.slice(0, -1) ?? [], prefixNeeded ? blocks - 1 : -1)
  const own = patch === 'add' ? tree.addPrompt(patchedPrompt ?? [], last) : []
  const plain = plainPrompts.map((prompt) => tree.addPrompt(prompt, blocks - 1))
  const plainEnds = plain.map((rows) => rows.at(-1) as number)
  for (const row of plainEnds) tree.keep(row, blocks)
  return {
    thetaEnds: theta.map((rows) => rows.at(-1) as number),
    patchParent: patchedPrompt === null ? null : (prefix.at(-1) ?? -1),
    ownEnd: own.slice(-1),
    plainEnds,
    patchedEnds: [],
    group: [...new Set([...theta, prefix, own, ...plain].flat())],
    answerToken,
    givenTheta,
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
  places: Int32Array,
  { attention }: LayerSpec,
) {
  const groups = items
    .map(({ group }) => group.map((row) => at(places, row)).filter((index) => index >= 0))
    .filter((group) => group.length > 0)
  return attentionLayout(
    groups,
    selected.map((row) => at(places, row)),
    {
      parents: alive.map((row) => places[at(tree.parents, row)] ?? -1),
      positions: alive.map((row) => at(tree.positions, row)),
    },
    (position) => firstSeen(attention, position),
  )
}

function meanOf(states: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(states[0]?.length ?? 0)
  for (let i = 0; i < mean.length; i++) {
    let sum = 0
    for (const state of states) sum += at(state, i)
    mean[i] = sum / states.length
  }
  return mean
}

function sumOf(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + at(b, i))
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
