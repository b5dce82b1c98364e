import type { AttentionSpec, LayerSpec } from '../architectures/decoder.js'
import { firstSeen, macs } from '../architectures/decoder-sizes.js'
import { attentionLayout } from './attention-layout.js'
import { readRows } from './answer-metrics.js'
import type { BlockInput } from './block-feeds.js'
import type { BlockSessions } from './block-sessions.js'
import type { Branch, ComponentItem, Edit } from './components.js'
import type { AnswerMetrics } from './engine.js'
import { RowTree } from './row-tree.js'
import { lastRows, patternsOf, type LastTokens } from './last-tokens.js'
import { editTables, firstOf, isInner } from './edits.js'

/** Branches that attend together; with more, each would mask too many others. */
const branchesPerGroup = 64

interface ItemRows {
  readonly prompt: readonly number[]
  readonly last: number
  readonly branches: { readonly branch: Branch; readonly first: Edit; row: number | null }[]
  readonly answerToken: number
}

/**
 * Some prompts and their branches in one pass over the blocks. The prompts form a tree of rows, as in wavefront.ts. A branch is an
 * additional last token: in the block of its first edit, it copies the state of its prompt's last token and is edited; from then on it
 * passes through the blocks in parallel, attending to the same earlier tokens.
 *
 * Letters: R rows alive before a block, Q of them computed to its end, those of new branches last.
 */
export class ComponentChunk {
  /** Multiply-adds so far, padding left out. */
  macs = 0
  readonly #tree = new RowTree()
  readonly #items: readonly ItemRows[]
  #alive: number[]
  /** `[R, d_model]` */
  #states: Float32Array

  /** @param tapped whether components inside blocks are edited or captured */
  constructor(
    private readonly sessions: BlockSessions,
    items: readonly ComponentItem[],
    private readonly tapped: boolean,
  ) {
    const tree = this.#tree
    const { blocks } = sessions.decoder
    this.#items = items.map(({ prompt, branches, answerToken }) => {
      const rows = tree.addPrompt(prompt, blocks - 1)
      const last = rows.at(-1) as number
      tree.keep(last, blocks)
      const placed = branches.map((branch) => ({ branch, first: firstOf(branch), row: null }))
      return { prompt: rows, last, branches: placed, answerToken }
    })
    this.#alive = [...tree.tokens.keys()]
    this.#states = sessions.embed(tree.tokens, tree.positions)
  }

  /** Takes the chunk through block `layer`, called for 0, 1, .. in order; the last tokens where they are captured. */
  async runBlock(layer: number): Promise<LastTokens | null> {
    this.#editStream(layer, 'resid_pre')
    const { decoder } = this.sessions
    const { dModel } = decoder
    const { attention } = this.#spec(layer)
    const tree = this.#tree
    const alive = this.#alive
    const residPre = this.#states
    const selected = alive.filter((row) => at(tree.lastBlock, row) > layer)
    const lastPlaces = placesOf(
      selected,
      this.#items.map(({ last }) => last),
    ) // [items], in Q
    const starting = this.#items.flatMap(({ branches }, item) =>
      branches.flatMap((branch) =>
        branch.first.layer === layer && isInner(branch.first) ? [{ item, branch }] : [],
      ),
    )
    const layout = this.#layout(selected, attention)
    const lastsBefore = placesOf(
      alive,
      this.#items.map(({ last }) => last),
    ) // [items], in R
    const copies = starting.map(({ item }) => at(lastPlaces, item))
    const selectedPlaces = placesOf(alive, selected)
    const input: BlockInput = {
      residPre,
      positions: alive.map((row) => at(tree.positions, row)),
      rows: [...selectedPlaces, ...copies.map((place) => at(selectedPlaces, place))],
      layout: {
        ...layout,
        slotOfRow: Int32Array.of(...layout.slotOfRow, ...copies.map((place) => at(layout.slotOfRow, place))),
      },
    }
    const branchOf = new Map(
      this.#items.flatMap(({ branches }) => branches.map(({ row, branch }) => [row, branch] as const)),
    )
    const edits = editTables(layer, attention, dModel, [
      ...selected.map((row) => branchOf.get(row)),
      ...starting.map(({ branch }) => branch.branch),
    ])
    const residPost = new Float32Array(input.rows.length * dModel)
    const lastSlots = lastPlaces.map((place) => at(layout.slotOfRow, place))
    const tapped = { edits, patternSlots: lastSlots, out: residPost }
    const taps = this.tapped ? await this.sessions.runTapped(layer, input, tapped) : null
    if (!taps) await this.sessions.runBlock(layer, input, residPost)
    this.#count(layer, alive.length, input.rows.length, layout.pairs)

    for (const { item, branch } of starting) branch.row = this.#addRow(item)
    this.#alive = [...selected, ...starting.map(({ branch }) => branch.row as number)]
    this.#states = residPost
    const lasts = taps && {
      ...lastRows(attention, dModel, { residPre, residPost, taps, lastsBefore, lastPlaces }),
      pattern: patternsOf(
        taps.pattern,
        this.#items.map(({ prompt }, item) => ({ lastSlot: at(lastSlots, item), tokens: prompt.length })),
        attention.heads,
        layout,
      ),
    }
    this.#editStream(layer, 'resid_post')
    return lasts
  }

  /** Called after the last block: answers of the unedited prompts and of the branches. */
  async read(): Promise<{ own: AnswerMetrics[]; branches: AnswerMetrics[][] }> {
    const places = new Map(this.#alive.map((row, place) => [row, place]))
    const questions = this.#items.flatMap(({ last, branches, answerToken }) =>
      [last, ...branches.map(({ row }) => row as number)].map((row) => ({
        row: places.get(row) as number,
        answerToken,
      })),
    )
    const readings = await readRows(this.sessions, this.#states, questions)
    const { dModel, vocab } = this.sessions.decoder
    this.macs += this.#alive.length * vocab * dModel
    let next = 0
    const byItem = this.#items.map(({ branches }) => readings.slice(next, (next += 1 + branches.length)))
    return {
      own: byItem.map(([own]) => own as AnswerMetrics),
      branches: byItem.map(([, ...rest]) => rest),
    }
  }

  /** Edits the residual stream between two blocks; branches that start there become rows. */
  #editStream(layer: number, component: 'resid_pre' | 'resid_post'): void {
    const { dModel } = this.sessions.decoder
    const places = new Map(this.#alive.map((row, place) => [row, place]))
    const stateOf = (row: number) => {
      const place = places.get(row) as number
      return this.#states.subarray(place * dModel, (place + 1) * dModel)
    }
    const started: { row: number; state: Float32Array }[] = []
    for (const [item, { last, branches }] of this.#items.entries())
      for (const branch of branches) {
        const edits = branch.branch.filter((edit) => edit.layer === layer && edit.component === component)
        if (edits.length === 0) continue
        const state = branch.row === null ? stateOf(last).slice() : stateOf(branch.row)
        for (const { scale, added } of edits)
          for (let i = 0; i < dModel; i++) state[i] = scale * (state[i] as number) + (added?.[i] ?? 0)
        if (branch.row === null) started.push({ row: (branch.row = this.#addRow(item)), state })
      }
    if (started.length === 0) return
    const all = new Float32Array(this.#states.length + started.length * dModel)
    all.set(this.#states)
    started.forEach(({ state }, i) => all.set(state, this.#states.length + i * dModel))
    this.#states = all
    this.#alive = [...this.#alive, ...started.map(({ row }) => row)]
  }

  #addRow(item: number): number {
    const { last } = this.#items[item] as ItemRows
    return this.#tree.addPatched(at(this.#tree.parents, last), this.sessions.decoder.blocks)
  }

  /** Prompts attend to themselves; branches, in groups, to their prompt's earlier tokens. */
  #layout(selected: readonly number[], attention: AttentionSpec) {
    const places = new Map(this.#alive.map((row, place) => [row, place]))
    const placed = (rows: readonly number[]) =>
      rows.flatMap((row) => {
        const place = places.get(row)
        return place === undefined ? [] : [place]
      })
    const groups: number[][] = []
    const asking: number[][] = []
    for (const { prompt, branches } of this.#items) {
      const own = placed(prompt)
      groups.push(own)
      asking.push(own)
      const rows = placed(branches.flatMap(({ row }) => (row === null ? [] : [row])))
      for (let first = 0; first < rows.length; first += branchesPerGroup) {
        const some = rows.slice(first, first + branchesPerGroup)
        groups.push([...own.slice(0, -1), ...some])
        asking.push(some)
      }
    }
    const { parents, positions } = this.#tree
    return attentionLayout(
      groups,
      placed(selected),
      {
        parents: this.#alive.map((row) => places.get(at(parents, row)) ?? -1),
        positions: this.#alive.map((row) => at(positions, row)),
      },
      (position) => firstSeen(attention, position),
      asking,
    )
  }

  #spec(layer: number): LayerSpec {
    return this.sessions.decoder.layers[layer] as LayerSpec
  }

  #count(layer: number, rows: number, computed: number, pairs: number): void {
    const spec = this.#spec(layer)
    const { keyValueRow, fullRow } = macs(spec)
    const { heads, dHead, dValue } = spec.attention
    this.macs += rows * keyValueRow + computed * (fullRow - keyValueRow) + pairs * heads * (dHead + dValue)
  }
}

/** The index of each of `wanted` in `rows`. */
function placesOf(rows: readonly number[], wanted: readonly number[]): number[] {
  const places = new Map(rows.map((row, place) => [row, place]))
  return wanted.map((row) => places.get(row) as number)
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number
}
