import type { DecoderSpec } from '../architectures/decoder.js'
import { keyValueWidths } from '../architectures/decoder-sizes.js'
import type { Visit } from './answer-metrics.js'
import type { KeysAndValues } from './block-feeds.js'
import type { AnswerMetrics } from './engine.js'
import { KeyValueCache, type CachedRows } from './key-value-cache.js'
import type { RowLogits } from './row-logits.js'
import type { RowTree } from './row-tree.js'

/** Where an answer begins: the last row of a prompt. */
export interface AnswerStart {
  /** The item's place in the chunk. */
  readonly item: number
  /** L, the block after which θ was patched in; -1: an unpatched prompt. */
  readonly layer: number
  /** The prompt's last row in blocks up to L, before the patch. */
  readonly own: number
  /** The row that the head reads: that of θ_L, or an ordinary prompt's last one. */
  readonly row: number
  /** The right answer's tokens, the first of which has been read; empty: not requested. */
  readonly answerTokens: readonly number[]
  readonly reading: AnswerMetrics
}

/** The answer that follows one start. */
interface Answer extends AnswerStart {
  /** Generated so far. */
  readonly tokens: number[]
  /** Of the right answer, as far as it was read. */
  readonly whole: { logProb: number; rank: number }
}

/** A text that continues a prompt: generated, or the right answer. `next`: its next token; null if it has ended. */
interface Strand {
  readonly start: AnswerStart
  own: number
  row: number
  next: number | null
  /** Whether `read` takes no more than the greedy token. */
  readonly greedy: boolean
  /** Sets the next token. */
  readonly read: (logits: RowLogits) => number | null
}

/** One more token of each answer. */
interface Step {
  /** Its rows before block 0, and how many they are with those that are copied later. */
  readonly alive: readonly number[]
  readonly rows: number
}

/**
 * The tokens of a chunk's answers behind the first one, a step each: a step takes one more row per answer through all
 * blocks. θ is patched once, at the prompt's last token; later tokens attend to it.
 *
 * 1. A row for token y behind an ordinary prompt is an ordinary row.
 * 2. Behind a prompt patched after block L, y has two rows: up to block L that of the unpatched run, shared by all L that
 *    have generated the same so far; after block L a copy of its state, whose attention goes over the row of θ_L.
 * 3. Keys and values of earlier rows are kept (key-value-cache.ts).
 * 4. An answer that has ended drops out.
 */
export class AnswerStrands {
  readonly #strands: Strand[] = []
  readonly #answers: Answer[] = []
  readonly #cache: KeyValueCache
  /** Rows that later tokens attend to. */
  readonly #watched = new Set<number>()
  #copies: { readonly layer: number; readonly own: number; readonly row: number }[] = []

  /** @param ended whether an answer of these tokens ends with the last of them */
  constructor(
    private readonly tree: RowTree,
    private readonly decoder: Pick<DecoderSpec, 'blocks' | 'layers'>,
    private readonly ended: (tokens: readonly number[]) => boolean,
  ) {
    this.#cache = new KeyValueCache(decoder.layers.map(({ attention }) => keyValueWidths(attention)))
  }

  /** Marks rows that later tokens attend to: these and their ancestors. */
  watch(rows: readonly number[]): void {
    for (const row of rows)
      for (let seen = row; seen >= 0 && !this.#watched.has(seen); seen = this.tree.parents[seen] as number)
        this.#watched.add(seen)
  }

  /** Starts the answers whose first token has been read. */
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

  /** The next step's rows before block 0; null if all answers have ended. */
  advance(): Step | null {
    const {
      tree,
      decoder: { blocks },
    } = this
    const first = tree.forget()
    this.#copies = []
    const copied = new Set<number>()
    for (const strand of this.#strands) {
      const { next, start } = strand
      if (next === null) continue
      if (start.layer < 0) strand.own = strand.row = tree.addToken(strand.row, next, blocks)
      else {
        strand.own = tree.addToken(strand.own, next, start.layer)
        strand.row = tree.addToken(strand.row, next, blocks)
        if (!copied.has(strand.row))
          this.#copies.push({ layer: start.layer, own: strand.own, row: strand.row })
        copied.add(strand.row)
      }
    }
    if (tree.size === first) return null
    const fresh = Array.from({ length: tree.size - first }, (_, i) => first + i)
    this.watch(fresh)
    return { alive: fresh.filter((row) => !copied.has(row)), rows: fresh.length }
  }

  /** The rows that begin after block `layer` as copies, and of which. */
  copiesAfter(layer: number): readonly { readonly own: number; readonly row: number }[] {
    return this.#copies.filter((copy) => copy.layer === layer)
  }

  /** Cached keys and values of block `layer` so far. */
  cached(layer: number): CachedRows {
    return this.#cache.of(layer)
  }

  /** Caches the keys and values of `rows` in block `layer`. */
  keep(layer: number, rows: readonly number[], made: KeysAndValues): void {
    this.#cache.add(layer, rows, made, (row) => this.#watched.has(row))
  }

  /** The rows to read after the last block, and how to read them. */
  readings(): Visit[] {
    return this.#strands
      .filter(({ next }) => next !== null)
      .map((strand) => ({
        row: strand.row,
        greedy: strand.greedy,
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

  #generated({ tokens }: Answer): Pick<Strand, 'next' | 'greedy' | 'read'> {
    const last = () => (this.ended(tokens) ? null : (tokens.at(-1) as number))
    return {
      next: last(),
      greedy: true,
      read: (logits) => {
        tokens.push(logits.greedyToken())
        return last()
      },
    }
  }
}

/** Teacher forcing: each token of the right answer is scored after the preceding ones. */
function forced({ answerTokens, whole }: Answer): Pick<Strand, 'next' | 'greedy' | 'read'> {
  let asked = 0
  const last = () => (asked + 1 < answerTokens.length ? (answerTokens[asked] as number) : null)
  return {
    next: last(),
    greedy: false,
    read: (logits) => {
      const logit = logits.logit(answerTokens[++asked] as number)
      whole.logProb += logits.logProb(logit)
      whole.rank = Math.max(whole.rank, logits.rank(logit))
      return last()
    },
  }
}
