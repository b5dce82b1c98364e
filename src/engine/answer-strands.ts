import type { AnswerMetrics } from './engine.js'
import type { RowLogits } from './row-logits.js'
import type { RowTree } from './row-tree.js'

/** Where an answer begins: the last row of a prompt. */
export interface AnswerStart {
  /** The item's place in the chunk. */
  readonly item: number
  /** L, the block after which θ was put in; -1: an ordinary prompt. */
  readonly layer: number
  /** The prompt's last row in blocks up to L, where it is as if nothing was patched. */
  readonly own: number
  /** The row that the head reads: that of θ_L, or an ordinary prompt's last one. */
  readonly row: number
  /** The right answer's tokens, of which the first was asked about; empty: not asked for. */
  readonly answerTokens: readonly number[]
  readonly reading: AnswerMetrics
}

/** What became of one start. */
interface Answer extends AnswerStart {
  /** Generated so far. */
  readonly tokens: number[]
  /** Of the right answer, as far as it was read. */
  readonly whole: { logProb: number; rank: number }
}

/** One text under way behind a prompt, generated or the right answer's. `next` is the token that it goes on with; null: it has ended. */
interface Strand {
  readonly start: AnswerStart
  own: number
  row: number
  next: number | null
  /** Gives the token to go on with. */
  readonly read: (logits: RowLogits) => number | null
}

/** Residual streams before one block of the rows that later tokens look at, `[rows, d_model]`. */
interface Context {
  readonly rows: readonly number[]
  readonly states: Float32Array
}

/** One more token of each answer. */
interface Step {
  /** Its rows before block 0, and how many they are with those that are copied later. */
  readonly alive: readonly number[]
  readonly rows: number
  /** For each item, the rows that take part in its attention. */
  readonly groups: readonly (readonly number[])[]
}

/**
 * The tokens of a chunk's answers behind the first one, a step each: a step takes one more row per answer through all
 * blocks. θ is patched once, at the prompt's last token; later tokens attend to it.
 *
 * 1. A row for token y behind an ordinary prompt is an ordinary row.
 * 2. Behind a prompt patched after block L, y has two rows: up to block L that of the unpatched run, shared by all L that
 *    have generated the same so far; after block L a copy of its state, whose attention goes over the row of θ_L.
 * 3. What earlier rows were before each block is kept, and their keys and values computed from it again: the cache. It
 *    holds d_model values a row, where keys and values would be up to twice as many.
 * 4. An answer that has ended drops out, and the rows that only it looked at.
 */
export class AnswerStrands {
  readonly #strands: Strand[] = []
  readonly #answers: Answer[] = []
  readonly #context: Context[] = []
  /** Rows that the tokens of the step at hand look at, themselves included. */
  #seen = new Set<number>()
  #copies: { readonly layer: number; readonly own: number; readonly row: number }[] = []

  /** @param ended whether an answer of these tokens ends with the last of them */
  constructor(
    private readonly tree: RowTree,
    private readonly blocks: number,
    private readonly ended: (tokens: readonly number[]) => boolean,
  ) {}

  /** Says which of the prompts' rows are looked at later: those of the answers' starts, and all before them. */
  watch(rows: readonly number[]): void {
    for (const row of rows) this.#see(row)
  }

  /** Takes up the answers whose first token was read. */
  begin(starts: readonly AnswerStart[]): void {
    for (const start of starts) {
      const { reading, own, row } = start
      const whole = { logProb: reading.answerLogProb, rank: reading.answerRank }
      const answer = { ...start, tokens: [reading.token], whole }
      this.#answers.push(answer)
      this.#strands.push(
        { start, own, row, ...this.#generated(answer) },
        { start, own, row, ...forced(answer) },
      )
    }
  }

  /** The rows of the next step as block 0 takes them, and which rows take part in each item's attention; null: all have ended. */
  advance(): Step | null {
    const { tree } = this
    const first = tree.forget()
    this.#seen = new Set()
    this.#copies = []
    const groups = new Map<number, Set<number>>()
    const copied = new Set<number>()
    for (const strand of this.#strands) {
      const { next, start } = strand
      if (next === null) continue
      if (start.layer < 0) strand.own = strand.row = tree.addToken(strand.row, next, this.blocks)
      else {
        strand.own = tree.addToken(strand.own, next, start.layer)
        strand.row = tree.addToken(strand.row, next, this.blocks)
        if (!copied.has(strand.row))
          this.#copies.push({ layer: start.layer, own: strand.own, row: strand.row })
        copied.add(strand.row)
      }
      const group = groups.get(start.item) ?? new Set()
      groups.set(start.item, group)
      this.#see(strand.own, group)
      this.#see(strand.row, group)
    }
    if (tree.size === first) return null
    const fresh = Array.from({ length: tree.size - first }, (_, i) => first + i)
    return {
      alive: fresh.filter((row) => !copied.has(row)),
      rows: fresh.length,
      groups: [...groups.values()].map((rows) => [...rows]),
    }
  }

  /** The rows that begin after block `layer` as copies, and of which. */
  copiesAfter(layer: number): readonly { readonly own: number; readonly row: number }[] {
    return this.#copies.filter((copy) => copy.layer === layer)
  }

  /** Earlier rows that this step looks at in block `layer`, then those of the step: what the block takes. */
  join(layer: number, alive: readonly number[], states: Float32Array): Context {
    const { rows, states: earlier } = this.#context[layer] ?? { rows: [], states: new Float32Array() }
    const dModel = states.length / alive.length
    const kept = [...rows.keys()].filter((i) => this.#seen.has(rows[i] as number))
    const all = new Float32Array((kept.length + alive.length) * dModel)
    kept.forEach((from, to) => all.set(earlier.subarray(from * dModel, (from + 1) * dModel), to * dModel))
    all.set(states, kept.length * dModel)
    return { rows: [...kept.map((i) => rows[i] as number), ...alive], states: all }
  }

  /** Keeps, of what block `layer` took, the rows that later tokens look at. */
  keep(layer: number, { rows, states }: Context): void {
    const dModel = states.length / rows.length
    const places = [...rows.keys()].filter((i) => this.#seen.has(rows[i] as number))
    if (places.length === rows.length) {
      this.#context[layer] = { rows, states }
      return
    }
    const kept = new Float32Array(places.length * dModel)
    places.forEach((from, to) => kept.set(states.subarray(from * dModel, (from + 1) * dModel), to * dModel))
    this.#context[layer] = { rows: places.map((i) => rows[i] as number), states: kept }
  }

  /** The rows that are read after the last block, and what is to be done with their logits. */
  readings(): { readonly row: number; readonly read: (logits: RowLogits) => void }[] {
    return this.#strands
      .filter(({ next }) => next !== null)
      .map((strand) => ({
        row: strand.row,
        read: (logits) => {
          strand.next = strand.read(logits)
        },
      }))
  }

  /** In the order of the starts. */
  results(): AnswerMetrics[] {
    return this.#answers.map(({ reading, tokens, whole, answerTokens }) => ({
      ...reading,
      tokens,
      ...(answerTokens.length > 0 ? { wholeAnswer: whole } : {}),
    }))
  }

  #generated({ tokens }: Answer): Pick<Strand, 'next' | 'read'> {
    const last = () => (this.ended(tokens) ? null : (tokens.at(-1) as number))
    return {
      next: last(),
      read: (logits) => {
        tokens.push(logits.greedyToken())
        return last()
      },
    }
  }

  #see(row: number, group?: Set<number>): void {
    for (let seen = row; seen >= 0; seen = this.tree.parents[seen] as number) {
      if (group ? group.has(seen) : this.#seen.has(seen)) return
      group?.add(seen)
      this.#seen.add(seen)
    }
  }
}

/** Teacher forcing: each token is read where the ones before it stand. */
function forced({ answerTokens, whole }: Answer): Pick<Strand, 'next' | 'read'> {
  let asked = 0
  const last = () => (asked + 1 < answerTokens.length ? (answerTokens[asked] as number) : null)
  return {
    next: last(),
    read: (logits) => {
      const logit = logits.logit(answerTokens[++asked] as number)
      whole.logProb += logits.logProb(logit)
      whole.rank = Math.max(whole.rank, logits.rank(logit))
      return last()
    },
  }
}
