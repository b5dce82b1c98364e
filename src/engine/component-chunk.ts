import { components, innerComponents, type InnerComponent } from '../architectures/components.js'
import { type AttentionSpec, type LayerSpec } from '../architectures/decoder.js'
import { firstSeen, macs } from '../architectures/decoder-sizes.js'
import { attentionLayout, type AttentionLayout } from './attention-layout.js'
import { readRows } from './answer-metrics.js'
import type { BlockEdits, BlockInput, BlockSessions, TappedRows } from './block-sessions.js'
import type { Branch, ComponentItem, Edit } from './components.js'
import type { AnswerMetrics } from './engine.js'
import { RowTree } from './row-tree.js'

/** Branches that attend together: many more would each look past all the others. */
const branchesPerGroup = 64

/** What a block gave at the last tokens of a chunk's prompts; `heads` as the output projection takes them. */
export interface LastTokens extends Omit<TappedRows, 'pattern'> {
  /** Each prompt's attention weights, `[heads, tokens]`. */
  readonly pattern: readonly Float32Array[]
  readonly resid_pre: Float32Array
  readonly resid_post: Float32Array
}

interface ItemRows {
  readonly prompt: readonly number[]
  readonly last: number
  readonly branches: { readonly branch: Branch; readonly first: Edit; row: number | null }[]
  readonly answerToken: number
}

/**
 * Some prompts and their branches in one pass over the blocks. The prompts are a tree of rows, as in wavefront.ts. A branch is one
 * more last token: inside the block of its first edit it takes the state of its prompt's own, and is edited there; from
 * then on it goes through the blocks beside it, over the same earlier tokens.
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

  /** @param tapped whether components inside blocks are edited or brought out */
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
    const tree = this.#tree
    const alive = this.#alive
    const states = this.#states
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
    const layout = this.#layout(selected, (decoder.layers[layer] as LayerSpec).attention)
    const lastsBefore = placesOf(
      alive,
      this.#items.map(({ last }) => last),
    ) // [items], in R
    const copies = starting.map(({ item }) => at(lastPlaces, item))
    const selectedPlaces = placesOf(alive, selected)
    const input: BlockInput = {
      residPre: states,
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
    const edits = this.#edits(layer, [
      ...selected.map((row) => branchOf.get(row)),
      ...starting.map(({ branch }) => branch.branch),
    ])
    const after = new Float32Array(input.rows.length * dModel)
    const lastSlots = lastPlaces.map((place) => at(layout.slotOfRow, place))
    const tapped = { edits, patternSlots: lastSlots, out: after }
    const taps = this.tapped ? await this.sessions.runTapped(layer, input, tapped) : null
    if (!taps) await this.sessions.runBlock(layer, input, after)
    this.#count(layer, alive.length, input.rows.length, layout.pairs)

    for (const { item, branch } of starting) branch.row = this.#addRow(item)
    this.#alive = [...selected, ...starting.map(({ branch }) => branch.row as number)]
    this.#states = after
    const lasts = taps && {
      ...this.#lasts(layer, { states, lastsBefore, taps, after, lastPlaces }),
      pattern: this.#patterns(layer, taps.pattern, lastSlots, layout),
    }
    this.#editStream(layer, 'resid_post')
    return lasts
  }

  /** After the last block: the ordinary runs, and the branches. */
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

  /** Edits the stream between two blocks; branches that begin there become rows. */
  #editStream(layer: number, component: 'resid_pre' | 'resid_post'): void {
    const { dModel } = this.sessions.decoder
    const places = new Map(this.#alive.map((row, place) => [row, place]))
    const stateOf = (row: number) => {
      const place = places.get(row) as number
      return this.#states.subarray(place * dModel, (place + 1) * dModel)
    }
    const begun: { row: number; state: Float32Array }[] = []
    for (const [item, { last, branches }] of this.#items.entries())
      for (const branch of branches) {
        const edits = branch.branch.filter((edit) => edit.layer === layer && edit.component === component)
        if (edits.length === 0) continue
        const state = branch.row === null ? stateOf(last).slice() : stateOf(branch.row)
        for (const { scale, added } of edits)
          for (let i = 0; i < dModel; i++) state[i] = scale * (state[i] as number) + (added?.[i] ?? 0)
        if (branch.row === null) begun.push({ row: (branch.row = this.#addRow(item)), state })
      }
    if (begun.length === 0) return
    const all = new Float32Array(this.#states.length + begun.length * dModel)
    all.set(this.#states)
    begun.forEach(({ state }, i) => all.set(state, this.#states.length + i * dModel))
    this.#states = all
    this.#alive = [...this.#alive, ...begun.map(({ row }) => row)]
  }

  #addRow(item: number): number {
    const { last } = this.#items[item] as ItemRows
    return this.#tree.addPatched(at(this.#tree.parents, last), this.sessions.decoder.blocks)
  }

  /** Prompts ask within themselves; branches over their prompt's earlier tokens, some at a time. */
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

  /** @param branches for each of the Q rows, the branch it is of. */
  #edits(layer: number, branches: readonly (Branch | undefined)[]): BlockEdits {
    const { dModel, layers } = this.sessions.decoder
    const { heads, dValue } = (layers[layer] as LayerSpec).attention
    const widths = { heads: heads * dValue, attn_out: dModel, resid_mid: dModel, mlp_out: dModel }
    const rowOf = new Map<Branch, number>()
    const editOfRow = branches.map((branch) => {
      if (!branch?.some((edit) => edit.layer === layer && isInner(edit))) return 0
      const row = rowOf.get(branch) ?? rowOf.size + 1
      rowOf.set(branch, row)
      return row
    })
    const table = (component: InnerComponent) => {
      const width = widths[component]
      const scale = new Float32Array((rowOf.size + 1) * width).fill(1)
      const added = new Float32Array(scale.length)
      for (const [branch, row] of rowOf)
        for (const edit of branch)
          if (edit.layer === layer && edit.component === component) {
            const [from, size] = edit.head === undefined ? [0, width] : [edit.head * dValue, dValue]
            for (let i = 0; i < size; i++) {
              const cell = row * width + from + i
              scale[cell] = edit.scale * at(scale, cell)
              added[cell] = edit.scale * at(added, cell) + (edit.added?.[i] ?? 0)
            }
          }
      return { scale, added, width }
    }
    const [z, attention, middle, mlp] = innerComponents.map(table) as [Table, Table, Table, Table]
    const tables = { heads: z, attn_out: attention, resid_mid: middle, mlp_out: mlp }
    return { editOfRow, tables }
  }

  /** The last tokens' rows, in the items' order: of R before the block, of Q behind it. */
  #lasts(
    layer: number,
    { states, lastsBefore, taps, after, lastPlaces: behind }: BlockRows & { readonly taps: TappedRows },
  ): Omit<LastTokens, 'pattern'> {
    const { dModel, layers } = this.sessions.decoder
    const { heads, dValue } = (layers[layer] as LayerSpec).attention
    return {
      resid_pre: taken(states, lastsBefore, dModel),
      heads: taken(taps.heads, behind, heads * dValue),
      attn_out: taken(taps.attn_out, behind, dModel),
      resid_mid: taken(taps.resid_mid, behind, dModel),
      mlp_out: taken(taps.mlp_out, behind, dModel),
      resid_post: taken(after, behind, dModel),
      attentionRaw: taps.attentionRaw && taken(taps.attentionRaw, behind, dModel),
    }
  }

  /** Of `[I, heads, Sk]` each prompt's part: its tokens are the first keys of every item that answers for its last one. */
  #patterns(
    layer: number,
    weights: Float32Array,
    lastSlots: readonly number[],
    { queryLength, keyLength }: AttentionLayout,
  ): Float32Array[] {
    const { heads } = (this.sessions.decoder.layers[layer] as LayerSpec).attention
    return this.#items.map(({ prompt }, item) => {
      const first = Math.floor(at(lastSlots, item) / queryLength) * heads
      const ofPrompt = new Float32Array(heads * prompt.length)
      for (let head = 0; head < heads; head++) {
        const from = (first + head) * keyLength
        ofPrompt.set(weights.subarray(from, from + prompt.length), head * prompt.length)
      }
      return ofPrompt
    })
  }

  #count(layer: number, rows: number, computed: number, pairs: number): void {
    const spec = this.sessions.decoder.layers[layer] as LayerSpec
    const { keyValueRow, fullRow } = macs(spec)
    const { heads, dHead, dValue } = spec.attention
    this.macs += rows * keyValueRow + computed * (fullRow - keyValueRow) + pairs * heads * (dHead + dValue)
  }
}

interface BlockRows {
  /** `[R, d_model]` */
  readonly states: Float32Array
  /** `[Q, d_model]` */
  readonly after: Float32Array
  /** `[items]`, in R and in Q. */
  readonly lastsBefore: readonly number[]
  readonly lastPlaces: readonly number[]
}

type Table = BlockEdits['tables'][InnerComponent]

/** The edit that comes first on the way through the blocks. */
function firstOf(branch: Branch): Edit {
  const place = ({ layer, component }: Edit) => layer * components.length + components.indexOf(component)
  return branch.reduce((first, edit) => (place(edit) < place(first) ? edit : first))
}

/** Made inside a block, not between two. */
export function isInner({ component }: Edit): boolean {
  return component !== 'resid_pre' && component !== 'resid_post'
}

/** Where each of `wanted` stands in `rows`. */
function placesOf(rows: readonly number[], wanted: readonly number[]): number[] {
  const places = new Map(rows.map((row, place) => [row, place]))
  return wanted.map((row) => places.get(row) as number)
}

function taken(values: Float32Array, rows: readonly number[], width: number): Float32Array {
  const out = new Float32Array(rows.length * width)
  rows.forEach((row, i) => out.set(values.subarray(row * width, (row + 1) * width), i * width))
  return out
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number
}
