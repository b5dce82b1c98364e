import { TaskvecError } from '../domain/errors.js'
import type { SliceLogits } from './head-sessions.js'

export function notFinite(): TaskvecError {
  return new TaskvecError('MODEL', 'the model computes logits that are not finite numbers', {
    hint: 'Its weights may be damaged: taskvec models check PATH.',
  })
}

/** One row's logits over the whole vocabulary, joined from the head's slices. */
export class RowLogits {
  readonly highest: number
  /** Null if the head ran in greedy mode. */
  readonly #logNormaliser: number | null

  /** Throws MODEL where a logit is not finite. */
  constructor(
    private readonly slices: readonly SliceLogits[],
    private readonly row: number,
  ) {
    this.highest = Math.max(...slices.map((slice) => at(slice.highest, row)))
    let expSum: number | null = 0
    for (const slice of slices) {
      const ofSlice = slice.expSum && at(slice.expSum, row) * Math.exp(at(slice.highest, row) - this.highest)
      expSum = expSum === null || ofSlice === null ? null : expSum + ofSlice
    }
    if (!Number.isFinite(this.highest) || !Number.isFinite(expSum ?? 0)) throw notFinite()
    this.#logNormaliser = expSum === null ? null : Math.log(expSum)
  }

  logit(token: number): number {
    const slice = this.slices.find(
      ({ first, count }) => token >= first && token < first + count,
    ) as SliceLogits
    return at(slice.logits, this.row * slice.count + token - slice.first)
  }

  /** Natural logarithm of a logit's probability. */
  logProb(logit: number): number {
    if (this.#logNormaliser === null) throw new Error('the head was asked for greedy tokens only')
    return logit - this.highest - this.#logNormaliser
  }

  /** 1 + the number of higher logits. */
  rank(logit: number): number {
    let above = 0
    for (const slice of this.slices) {
      if (at(slice.highest, this.row) <= logit) continue
      const { logits, count } = slice
      const end = (this.row + 1) * count
      for (let i = end - count; i < end; i++) if (at(logits, i) > logit) above++
    }
    return 1 + above
  }

  /** The token with the highest logit; ties go to the lowest id. */
  greedyToken(): number {
    const { first, count, logits } = this.slices.find(
      ({ highest }) => at(highest, this.row) === this.highest,
    ) as SliceLogits
    const start = this.row * count
    return first + logits.indexOf(this.highest, start) - start
  }

  /** The highest logit of all tokens but one. */
  highestBut(token: number): number {
    let highest = -Infinity
    for (const { first, count, logits, highest: ofSlice } of this.slices) {
      if (token < first || token >= first + count) {
        highest = Math.max(highest, at(ofSlice, this.row))
        continue
      }
      const start = this.row * count
      const place = start + token - first
      for (let i = start; i < start + count; i++) {
        const logit = at(logits, i)
        if (logit > highest && i !== place) highest = logit
      }
    }
    return highest
  }

  /** The `count` tokens with the highest logits, descending; ties go to the lowest id. */
  top(count: number): { token: number; logit: number }[] {
    const top: { token: number; logit: number }[] = []
    for (const slice of this.slices) {
      const start = this.row * slice.count
      for (let i = 0; i < slice.count; i++) {
        const logit = at(slice.logits, start + i)
        // Ids come in ascending order, so ties keep the lowest id first.
        if (top.length === count && logit <= (top.at(-1)?.logit ?? Infinity)) continue
        let place = top.length
        while (place > 0 && (top[place - 1]?.logit as number) < logit) place--
        top.splice(place, 0, { token: slice.first + i, logit })
        if (top.length > count) top.pop()
      }
    }
    return top
  }
}

function at(values: Float32Array, index: number): number {
  return values[index] as number
}
