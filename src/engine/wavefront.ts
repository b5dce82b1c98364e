import { type LayerSpec } from '../architectures/decoder.js'
import { firstSeen, keyValueWidths, macs } from '../architectures/decoder-sizes.js'
import { attentionLayout, pathLayout } from './attention-layout.js'
import type { BlockSessions, KeysAndValues } from './block-sessions.js'
import type { EvaluateItem, EvaluateRequest, AnswerMetrics } from './engine.js'
import { readRows, visitRows } from './answer-metrics.js'
import { AnswerStrands } from './answer-strands.js'
import { placeItem, type ItemRows } from './item-rows.js'
import { ReusedBuffer } from './reused-buffer.js'
import type { CachedRows } from './key-value-cache.js'
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
 * 5. Where answers have more than one token, the next ones go through the blocks as a step each (answer-strands.ts).
 *
 * Letters: R rows alive before a block, Q of them computed to its end.
 */
export class WavefrontChunk {
  /** Multiply-adds so far, padding left out. */
  macs = 0
  readonly #tree = new RowTree()
  readonly #items: readonly ItemRows[]
  /** `#residPre` holds these rows in this order, `[R, d_model]`; `#residPost` has what a block makes of them, `[Q, d_model]`. */
  #alive: readonly number[]
  #residPre: Float32Array
  #residPost: Float32Array
  /** Null where one token is read. */
  readonly #answers: AnswerStrands | null
  /** What a block makes of the rows alive. */
  readonly #keys = new ReusedBuffer()
  readonly #values = new ReusedBuffer()
  /** Of the first tokens. */
  #readings: AnswerMetrics[] = []
  /** Whether the first tokens are read, and later ones under way. */
  #stepped = false

  /**
   * @param onTheta is told each θ_L: the item's place in the chunk, that of L in `layers`, `[d_model]`
   * @param ended where answers are generated: whether one of these tokens ends with the last of them
   */
  constructor(
    private readonly sessions: BlockSessions,
    items: readonly EvaluateItem[],
    private readonly request: Pick<EvaluateRequest, 'layers' | 'givenTheta' | 'patch' | 'generate' | 'top'>,
    private readonly onTheta: (item: number, layerIndex: number, theta: Float32Array) => void,
    ended?: (tokens: readonly number[]) => boolean,
  ) {
    const tree = this.#tree
    const { blocks, dModel } = sessions.decoder
    this.#items = items.map((item) => placeItem(tree, item, request, blocks))
    this.#answers = ended ? new AnswerStrands(tree, sessions.decoder, ended) : null
    this.#answers?.watch(this.#items.flatMap(({ own, plainEnds }) => [...own, ...plainEnds]))
    this.#alive = [...tree.tokens.keys()].filter((row) => at(tree.lastBlock, row) >= 0)
    this.#residPre = new Float32Array((this.#alive.length + request.layers.length * items.length) * dModel)
    this.#residPost = new Float32Array(this.#residPre.length)
    this.#embed()
  }

  /** Takes the chunk through block `layer`; called for 0, 1, .. in order. */
  async runBlock(layer: number): Promise<void> {
    const selected = this.#select(layer)
    if (selected.length > 0) await this.#compute(layer, selected)

    const { dModel } = this.sessions.decoder
    const places = indices(this.#tree, selected)
    const stateOf = (row: number) =>
      this.#residPost.subarray(at(places, row) * dModel, (at(places, row) + 1) * dModel)
    const patches = this.#stepped
      ? (this.#answers?.copiesAfter(layer).map(({ own }) => stateOf(own).slice()) ?? [])
      : this.#patches(layer, stateOf)
    const kept = this.#keep(layer, selected)
    moveRows(
      this.#residPost,
      kept.map((row) => at(places, row)),
      dModel,
    )
    patches.forEach((state, i) => this.#residPost.set(state, (kept.length + i) * dModel))
    ;[this.#residPre, this.#residPost] = [this.#residPost, this.#residPre]
  }

  /** `resid_pre` of the next block, of the rows alive, `[R, d_model]`: with `macs`, all that a chunk between two blocks is. */
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
  async read(): Promise<void> {
    const { dModel, vocab } = this.sessions.decoder
    const places = indices(this.#tree, this.#alive)
    const states = this.#states(this.#alive.length)
    this.macs += this.#alive.length * vocab * dModel
    if (this.#stepped) {
      const readings = this.#answers?.readings() ?? []
      return visitRows(
        this.sessions,
        states,
        readings.map((visit) => ({ ...visit, row: at(places, visit.row) })),
      )
    }
    const starts = this.#items.flatMap(({ patchedEnds, plainEnds, own, answerToken, answerTokens }, item) => {
      const ofItem = { item, answerToken, answerTokens }
      return [
        ...patchedEnds.map((row, i) => ({
          ...ofItem,
          row,
          own: own[0] ?? row,
          layer: this.request.layers[i] as number,
        })),
        ...plainEnds.map((row) => ({ ...ofItem, row, own: row, layer: -1 })),
      ]
    })
    const questions = starts.map(({ row, answerToken }) => ({ row: at(places, row), answerToken }))
    this.#readings = await readRows(this.sessions, states, questions, this.request)
    this.#answers?.begin(
      starts.map((start, i) => ({ ...start, reading: this.#readings[i] as AnswerMetrics })),
    )
  }

  /** Makes ready for the answers' next token, for which it is taken through the blocks and read again; false: all have ended. */
  advance(): boolean {
    const step = this.#answers?.advance()
    if (!step) return false
    this.#stepped = true
    this.#alive = step.alive
    const room = step.rows * this.sessions.decoder.dModel
    if (this.#residPre.length < room)
      [this.#residPre, this.#residPost] = [new Float32Array(room), new Float32Array(room)]
    this.#embed()
    return true
  }

  results(): { patched: AnswerMetrics[][]; plain: AnswerMetrics[][] } {
    const readings = this.#answers?.results() ?? this.#readings
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

  #embed(): void {
    const of = (values: readonly number[]) => this.#alive.map((row) => at(values, row))
    this.#residPre.set(this.sessions.embed(of(this.#tree.tokens), of(this.#tree.positions)))
  }

  #states(rows: number): Float32Array {
    return this.#residPre.subarray(0, rows * this.sessions.decoder.dModel)
  }

  async #compute(layer: number, selected: readonly number[]): Promise<void> {
    const { sessions } = this
    const spec = sessions.decoder.layers[layer] as LayerSpec
    const alive = this.#alive
    const cached = this.#stepped ? this.#answers?.cached(layer) : undefined
    const places = indices(this.#tree, alive)
    const layout = cached
      ? this.#pathLayout(selected, places, cached, spec)
      : layoutOf(this.#tree, this.#items, alive, selected, places, spec)
    const input = {
      residPre: this.states,
      positions: alive.map((row) => at(this.#tree.positions, row)),
      rows: selected.map((row) => at(places, row)),
      layout,
      cached,
    }
    const out = this.#residPost.subarray(0, selected.length * sessions.decoder.dModel)
    const made = this.#answers ? this.#room(alive.length, spec) : undefined
    await sessions.runBlock(layer, input, out, made)
    if (made) this.#answers?.keep(layer, alive, made)
    const { keyValueRow, fullRow } = macs(spec)
    const { heads, dHead, dValue } = spec.attention
    this.macs +=
      alive.length * keyValueRow +
      selected.length * (fullRow - keyValueRow) +
      layout.pairs * heads * (dHead + dValue)
  }

  #room(rows: number, { attention }: LayerSpec): KeysAndValues {
    const { keys, values } = keyValueWidths(attention)
    return { keys: this.#keys.take(rows * keys), values: this.#values.take(rows * values) }
  }

  /** A later token looks at its own answer and prompt, which are cached but for itself. */
  #pathLayout(
    selected: readonly number[],
    places: Int32Array,
    { places: known }: CachedRows,
    { attention }: LayerSpec,
  ) {
    const tree = this.#tree
    const paths = selected.map((row) => tree.pathTo(row, firstSeen(attention, at(tree.positions, row))))
    const placeOf = (row: number) => known.get(row) ?? known.size + at(places, row)
    return pathLayout(
      paths.map((path) => path.map(placeOf)),
      paths.map((path) => path.map((row) => at(tree.positions, row))),
    )
  }

  /** The rows that block `layer` computes to the end. */
  #select(layer: number): number[] {
    const asked = this.request.layers.includes(layer)
    const added = this.request.patch === 'add'
    const ends = new Set(
      this.#stepped
        ? this.#answers?.copiesAfter(layer).map(({ own }) => own)
        : asked
          ? this.#items.flatMap(({ thetaEnds, own }) => [...thetaEnds, ...(added ? own : [])])
          : [],
    )
    return this.#alive.filter((row) => at(this.#tree.lastBlock, row) > layer || ends.has(row))
  }

  /** Rows alive after block `layer`: those of `selected` that are still needed, which it returns, then those of θ. */
  #keep(layer: number, selected: readonly number[]): number[] {
    const tree = this.#tree
    const kept = selected.filter((row) => at(tree.lastBlock, row) > layer)
    this.#alive = [...kept, ...(this.#stepped ? this.#copiedRows(layer) : this.#patchedRows(layer))]
    return kept
  }

  #copiedRows(layer: number): number[] {
    return this.#answers?.copiesAfter(layer).map(({ row }) => row) ?? []
  }

  #patchedRows(layer: number): number[] {
    if (!this.request.layers.includes(layer)) return []
    return this.#items.flatMap(({ patchParent, patchedEnds, group }) => {
      if (patchParent === null) return []
      const row = this.#tree.addPatched(patchParent, this.sessions.decoder.blocks)
      patchedEnds.push(row)
      group.push(row)
      this.#answers?.watch([row])
      return row
    })
  }

  /** The states that become last tokens of the patched prompts; copies, since the rows are about to be moved. */
  #patches(layer: number, stateOf: (row: number) => Float32Array): Float32Array[] {
    const layerIndex = this.request.layers.indexOf(layer)
    if (layerIndex < 0) return []
    const { dModel } = this.sessions.decoder
    return this.#items.flatMap(({ thetaEnds, patchParent, own, givenTheta }, item) => {
      const given = (givenTheta ?? this.request.givenTheta)?.subarray(
        layerIndex * dModel,
        (layerIndex + 1) * dModel,
      )
      if (!given && thetaEnds.length === 0) return []
      const theta = given ?? meanOf(thetaEnds.map(stateOf))
      if (!given) this.onTheta(item, layerIndex, theta)
      if (patchParent === null) return []
      return [this.request.patch === 'add' ? sumOf(stateOf(own[0] as number), theta) : theta]
    })
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
