import { type DecoderSpec, type LayerSpec } from '../architectures/decoder.js'
import { firstSeen } from '../architectures/decoder-sizes.js'
import { AnswerStrands } from './answer-strands.js'
import { attentionLayout, pathLayout, type AttentionLayout } from './attention-layout.js'
import type { EvaluateItem, EvaluateRequest } from './engine.js'
import { placeItem, type ItemRows } from './item-rows.js'
import type { CachedRows } from './key-value-cache.js'
import { RowTree } from './row-tree.js'

/** Which rows of a chunk's tree each block computes, and what they attend to; wavefront.ts holds their states. */
export class WavefrontRows {
  readonly tree = new RowTree()
  readonly items: readonly ItemRows[]
  /** Null if only the first token is read. */
  readonly answers: AnswerStrands | null
  #alive: readonly number[]
  #stepped = false

  /** @param ended if answers are generated: whether an answer of these tokens is complete */
  constructor(
    private readonly decoder: DecoderSpec,
    items: readonly EvaluateItem[],
    private readonly request: Pick<EvaluateRequest, 'layers' | 'givenTheta' | 'patch'>,
    ended?: (tokens: readonly number[]) => boolean,
  ) {
    const { tree } = this
    this.items = items.map((item) => placeItem(tree, item, request, decoder.blocks))
    this.answers = ended ? new AnswerStrands(tree, decoder, ended) : null
    this.answers?.watch(this.items.flatMap(({ own, plainEnds }) => [...own, ...plainEnds]))
    this.#alive = [...tree.tokens.keys()].filter((row) => at(tree.lastBlock, row) >= 0)
  }

  /** The rows that the next block takes, in the order of their states. */
  get alive(): readonly number[] {
    return this.#alive
  }

  /** Whether the first tokens have been read and later ones are in progress. */
  get stepped(): boolean {
    return this.#stepped
  }

  /** Advances to the answers' next token; returns the maximum number of its rows, undefined if all answers have ended. */
  advance(): number | undefined {
    const step = this.answers?.advance()
    if (!step) return undefined
    this.#stepped = true
    this.#alive = step.alive
    return step.rows
  }

  /** The rows that block `layer` computes to the end. */
  select(layer: number): number[] {
    const asked = this.request.layers.includes(layer)
    const added = this.request.patch === 'add'
    const ends = new Set(
      this.#stepped
        ? this.answers?.copiesAfter(layer).map(({ own }) => own)
        : asked
          ? this.items.flatMap(({ thetaEnds, own }) => [...thetaEnds, ...(added ? own : [])])
          : [],
    )
    return this.#alive.filter((row) => at(this.tree.lastBlock, row) > layer || ends.has(row))
  }

  /** Rows alive after block `layer`: those of `selected` that are still needed, which it returns, then those of θ. */
  keep(layer: number, selected: readonly number[]): number[] {
    const kept = selected.filter((row) => at(this.tree.lastBlock, row) > layer)
    this.#alive = [...kept, ...(this.#stepped ? this.#copiedRows(layer) : this.#patchedRows(layer))]
    return kept
  }

  /** Attention of the rows alive, renumbered by their place among them; with `cached`, of the answers' next tokens. */
  layout(layer: number, selected: readonly number[], cached?: CachedRows): AttentionLayout {
    const { attention } = this.decoder.layers[layer] as LayerSpec
    const places = placesOf(this.tree, this.#alive)
    return cached
      ? this.#pathLayout(selected, places, cached, attention)
      : this.#treeLayout(selected, places, attention)
  }

  #copiedRows(layer: number): number[] {
    return this.answers?.copiesAfter(layer).map(({ row }) => row) ?? []
  }

  #patchedRows(layer: number): number[] {
    if (!this.request.layers.includes(layer)) return []
    return this.items.flatMap(({ patchParent, patchedEnds, group }) => {
      if (patchParent === null) return []
      const row = this.tree.addPatched(patchParent, this.decoder.blocks)
      patchedEnds.push(row)
      group.push(row)
      this.answers?.watch([row])
      return row
    })
  }

  #treeLayout(selected: readonly number[], places: Int32Array, attention: LayerSpec['attention']) {
    const { parents, positions } = this.tree
    const groups = this.items
      .map(({ group }) => group.map((row) => at(places, row)).filter((index) => index >= 0))
      .filter((group) => group.length > 0)
    return attentionLayout(
      groups,
      selected.map((row) => at(places, row)),
      {
        parents: this.#alive.map((row) => places[at(parents, row)] ?? -1),
        positions: this.#alive.map((row) => at(positions, row)),
      },
      (position) => firstSeen(attention, position),
    )
  }

  /** A later token attends to its own answer and prompt, which are cached but for itself. */
  #pathLayout(
    selected: readonly number[],
    places: Int32Array,
    { places: known }: CachedRows,
    attention: LayerSpec['attention'],
  ) {
    const { tree } = this
    const paths = selected.map((row) => tree.pathTo(row, firstSeen(attention, at(tree.positions, row))))
    const placeOf = (row: number) => known.get(row) ?? known.size + at(places, row)
    return pathLayout(
      paths.map((path) => path.map(placeOf)),
      paths.map((path) => path.map((row) => at(tree.positions, row))),
    )
  }
}

/** Each row's place among `rows`; -1 for the tree's other rows. */
export function placesOf(tree: RowTree, rows: readonly number[]): Int32Array {
  const places = new Int32Array(tree.size).fill(-1)
  rows.forEach((row, i) => (places[row] = i))
  return places
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number
}
