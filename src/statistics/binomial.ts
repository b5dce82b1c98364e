import type { RandomSource } from './random.js'

/** log of n over k. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

/**
 * Draws with replacement from things of several kinds and returns how many of each were drawn. One binomial per kind, by
 * inversion of a table: a resample of 400 items costs a few look-ups instead of 400 draws.
 */
export class Multinomial {
  /** Per kind: its share of itself and all later kinds. */
  readonly #shares: readonly number[]
  /** Cumulative distributions by kind and number of remaining draws. */
  readonly #tables: Map<number, Float64Array>[]
  readonly #counts: number[]
  readonly #draws: number

  /** `counts[k]` things of kind k; as many draws as there are things. */
  constructor(
    counts: readonly number[],
    private readonly random: RandomSource,
  ) {
    this.#counts = [...counts]
    this.#shares = counts.map((count, k) => count / sum(counts.slice(k)))
    this.#tables = counts.map(() => new Map<number, Float64Array>())
    this.#draws = sum(counts)
  }

  /** The next draw; the following one reuses the array. */
  next(): readonly number[] {
    let left = this.#draws
    for (let kind = 0; kind < this.#counts.length; kind++) {
      const drawn = kind === this.#counts.length - 1 ? left : this.#binomial(kind, left)
      this.#counts[kind] = drawn
      left -= drawn
    }
    return this.#counts
  }

  #binomial(kind: number, n: number): number {
    const table = this.#tables[kind]?.get(n) ?? cumulative(n, this.#shares[kind] as number)
    this.#tables[kind]?.set(n, table)
    const u = (this.random.below(2 ** 31) + 0.5) / 2 ** 31
    // The first k whose cumulative probability exceeds u.
    let [low, high] = [0, n]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((table[middle] as number) > u) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** P(X <= k) of X ~ Binomial(n, p), 0 < p < 1, for every k. */
function cumulative(n: number, p: number): Float64Array {
  const table = new Float64Array(n + 1)
  let total = 0
  for (let k = 0; k <= n; k++) {
    total += Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p))
    table[k] = total
  }
  return table
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

const logFactorials = [0]

function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++)
    logFactorials.push((logFactorials[i - 1] as number) + Math.log(i))
  return logFactorials[n] as number
}
