import { logChoose } from './binomial.js'
import type { Interval } from './bootstrap.js'
import { wilsonInterval } from './wilson.js'

/** `successes` of `trials` items. */
export interface Proportion {
  readonly successes: number
  readonly trials: number
}

/**
 * Newcombe's interval, 95 %, of a.successes/a.trials - b.successes/b.trials (1998, method 10): built from the two Wilson
 * intervals, so that it includes the uncertainty of both sides.
 */
export function differenceInterval(a: Proportion, b: Proportion): Interval {
  const [pa, pb] = [a.successes / a.trials, b.successes / b.trials]
  const ia = wilsonInterval(a.successes, a.trials)
  const ib = wilsonInterval(b.successes, b.trials)
  return {
    low: pa - pb - Math.hypot(pa - ia.low, ib.high - pb),
    high: pa - pb + Math.hypot(ia.high - pa, pb - ib.low),
  }
}

/** Two-sided p of Fisher's exact test that both proportions are equal: valid at 50 items and at accuracies of 0 and 1. */
export function fisherExact(a: Proportion, b: Proportion): number {
  const successes = a.successes + b.successes
  const all = a.trials + b.trials
  const table = (k: number) =>
    logChoose(a.trials, k) + logChoose(b.trials, successes - k) - logChoose(all, successes)
  const observed = table(a.successes)
  let p = 0
  for (let k = Math.max(0, successes - b.trials); k <= Math.min(a.trials, successes); k++) {
    const logP = table(k)
    // Equally likely tables count too, despite rounding in the last bits.
    if (logP <= observed + 1e-7) p += Math.exp(logP)
  }
  return Math.min(1, p)
}

/** Holm's step-down adjustment (1979): compare each with 0.05, and the chance of any false finding is at most 0.05. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => (pValues[i] as number) - (pValues[j] as number))
  const adjusted = new Array<number>(pValues.length).fill(1)
  let largest = 0
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues[i] as number) * (pValues.length - rank)))
    adjusted[i] = largest
  })
  return adjusted
}
