import { type LayerSpec } from '../architectures/decoder.js'
import { keyValueWidths, macs } from '../architectures/decoder-sizes.js'
import type { KeysAndValues } from './block-feeds.js'
import type { BlockSessions } from './block-sessions.js'
import type { EvaluateItem, EvaluateRequest, AnswerMetrics } from './engine.js'
import { readRows, visitRows } from './answer-metrics.js'
import { ReusedBuffer } from './reused-buffer.js'
import { placesOf, WavefrontRows } from './wavefront-rows.js'

/**
 * All layers of a chunk of items in one pass over the blocks (docs/protocol.md, Main experiment).
 *
 * 1. The prompts become a tree of rows: equal prefixes are computed once.
 * 2. After block L, θ_L of an item is the mean of its theta prompts' last rows, unless it is given.
 * 3. θ_L becomes a new row: one more last token of the patched prompt, in place of its own state or added to it. It sees
 *    that prompt's earlier tokens and goes through blocks L+1.. only.
 * 4. Rows that are no longer needed are dropped: theta prompts after the last L asked for, and in the last block
 *    all but the rows that are read.
 * 5. Further tokens of an answer go through the blocks one step each (answer-strands.ts).
 *
 * Letters: R rows alive before a block, Q of them computed to its end.
 */
export class WavefrontChunk {
  /** Multiply-adds so far, without padding. */
  macs = 0
  readonly #rows: WavefrontRows
  /** Residual streams of the rows alive, in order, `[R, d_model]`. */
  #residPre: Float32Array
  /** Output of a block for the selected rows, `[Q, d_model]`. */
  #residPost: Float32Array
  /** Buffers for a block's outputs: keys and values of the rows alive. */
  readonly #keys = new ReusedBuffer()
  readonly #values = new ReusedBuffer()
  /** Metrics of the first tokens. */
  #readings: AnswerMetrics[] = []

  /**
   * @param onTheta called with each θ_L: the item's index in the chunk, that of L in `layers`, `[d_model]`
   * @param ended if answers are generated: whether an answer of these tokens is complete
   */
  constructor(
    private readonly sessions: BlockSessions,
    items: readonly EvaluateItem[],
    private readonly request: Pick<EvaluateRequest, 'layers' | 'givenTheta' | 'patch' | 'generate' | 'top'>,
    private readonly onTheta: (item: number, layerIndex: number, theta: Float32Array) => void,
    ended?: (tokens: readonly number[]) => boolean,
  ) {
    this.#rows = new WavefrontRows(sessions.decoder, items, request, ended)
    const atMost = this.#rows.alive.length + request.layers.length * items.length
    this.#residPre = new Float32Array(atMost * sessions.decoder.dModel)
    this.#residPost = new Float32Array(this.#residPre.length)
    this.#embed()
  }

  /** Takes the chunk through block `layer`; called for 0, 1, .. in order. */
  async runBlock(layer: number): Promise<void> {
    const rows = this.#rows
    const selected = rows.select(layer)
    if (selected.length > 0) await this.#compute(layer, selected)

    const { dModel } = this.sessions.decoder
    const places = placesOf(rows.tree, selected)
    const stateOf = (row: number) =>
      this.#residPost.subarray(at(places, row) * dModel, (at(places, row) + 1) * dModel)
    const patches = rows.stepped
      ? (rows.answers?.copiesAfter(layer).map(({ own }) => stateOf(own).slice()) ?? [])
      : this.#patches(layer, stateOf)
    const kept = rows.keep(layer, selected)
    moveRows(
      this.#residPost,
      kept.map((row) => at(places, row)),
      dModel,
    )
    patches.forEach((state, i) => this.#residPost.set(state, (kept.length + i) * dModel))
    ;[this.#residPre, this.#residPost] = [this.#residPost, this.#residPre]
  }

  /** `resid_pre` of the next block for the rows alive, `[R, d_model]`: with `macs`, the whole state of a chunk between two blocks. */
  get states(): Float32Array {
    return this.#residPre.subarray(0, this.#rows.alive.length * this.sessions.decoder.dModel)
  }

  /** Resumes after block `blocksDone - 1`; `bytes` are those of `states` at that point. */
  restore(blocksDone: number, bytes: Uint8Array, macs: number): void {
    for (let layer = 0; layer < blocksDone; layer++) this.#rows.keep(layer, this.#rows.select(layer))
    const { buffer, byteOffset, byteLength } = this.states
    new Uint8Array(buffer, byteOffset, byteLength).set(bytes)
    this.macs = macs
  }

  /** Called after the last block: reads each row once, even if several items share it. */
  async read(): Promise<void> {
    const { dModel, vocab } = this.sessions.decoder
    const { tree, alive, items, answers, stepped } = this.#rows
    const places = placesOf(tree, alive)
    this.macs += alive.length * vocab * dModel
    if (stepped) {
      const readings = answers?.readings() ?? []
      return visitRows(
        this.sessions,
        this.states,
        readings.map((visit) => ({ ...visit, row: at(places, visit.row) })),
      )
    }
    const starts = items.flatMap(({ patchedEnds, plainEnds, own, answerToken, answerTokens }, item) => {
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
    this.#readings = await readRows(this.sessions, this.states, questions, this.request)
    answers?.begin(starts.map((start, i) => ({ ...start, reading: this.#readings[i] as AnswerMetrics })))
  }

  /** Prepares the pass for the answers' next token; false if all answers have ended. */
  advance(): boolean {
    const rows = this.#rows.advance()
    if (rows === undefined) return false
    const room = rows * this.sessions.decoder.dModel
    if (this.#residPre.length < room)
      [this.#residPre, this.#residPost] = [new Float32Array(room), new Float32Array(room)]
    this.#embed()
    return true
  }

  results(): { patched: AnswerMetrics[][]; plain: AnswerMetrics[][] } {
    const readings = this.#rows.answers?.results() ?? this.#readings
    let next = 0
    const take = (count: number) => readings.slice(next, (next += count))
    const patched: AnswerMetrics[][] = []
    const plain: AnswerMetrics[][] = []
    for (const { patchedEnds, plainEnds } of this.#rows.items) {
      patched.push(take(patchedEnds.length))
      plain.push(take(plainEnds.length))
    }
    return { patched, plain }
  }

  #embed(): void {
    const { tree, alive } = this.#rows
    const of = (values: readonly number[]) => alive.map((row) => at(values, row))
    this.#residPre.set(this.sessions.embed(of(tree.tokens), of(tree.positions)))
  }

  async #compute(layer: number, selected: readonly number[]): Promise<void> {
    const { sessions } = this
    const { tree, alive, answers, stepped } = this.#rows
    const spec = sessions.decoder.layers[layer] as LayerSpec
    const cached = stepped ? answers?.cached(layer) : undefined
    const places = placesOf(tree, alive)
    const layout = this.#rows.layout(layer, selected, cached)
    const input = {
      residPre: this.states,
      positions: alive.map((row) => at(tree.positions, row)),
      rows: selected.map((row) => at(places, row)),
      layout,
      cached,
    }
    const out = this.#residPost.subarray(0, selected.length * sessions.decoder.dModel)
    const made = answers ? this.#room(alive.length, spec) : undefined
    await sessions.runBlock(layer, input, out, made)
    if (made) answers?.keep(layer, alive, made)
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

  /** Copies of the states that become last tokens of patched prompts, since rows are about to be moved. */
  #patches(layer: number, stateOf: (row: number) => Float32Array): Float32Array[] {
    const layerIndex = this.request.layers.indexOf(layer)
    if (layerIndex < 0) return []
    const { dModel } = this.sessions.decoder
    return this.#rows.items.flatMap(({ thetaEnds, patchParent, own, givenTheta }, item) => {
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

/** Moves rows `from` (ascending) to the front in place, consecutive ones together. */
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
