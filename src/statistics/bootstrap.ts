import { randomFor } from './random.js'
import { Multinomial } from './binomial.js'

export interface BootstrapOptions {
  /** Draws the resamples: the same seed and data give the same interval. */
  readonly seed: number
  /** Default 10,000. */
  readonly resamples?: number
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * Percentile bootstrap, 95 %, of the mean of paired differences (hypothesis minus regular on the same item; Efron 1979).
 * Whole clusters are drawn: items that share a set of demonstrations are not independent. `clusters[i]` is the cluster of item i. A
 * single cluster gives no information on the spread: -1 to 1.
 */
export function pairedBootstrap(
  differences: readonly number[],
  clusters: readonly unknown[],
  { seed, resamples = 10_000 }: BootstrapOptions,
): Interval & { readonly difference: number } {
  if (differences.length === 0) return { difference: NaN, low: NaN, high: NaN }
  const byCluster = new Map<unknown, { sum: number; items: number }>()
  differences.forEach((difference, i) => {
    const cluster = byCluster.get(clusters[i]) ?? { sum: 0, items: 0 }
    byCluster.set(clusters[i], { sum: cluster.sum + difference, items: cluster.items + 1 })
  })
  const difference = differences.reduce((a, b) => a + b, 0) / differences.length
  if (byCluster.size === 1) return { difference, low: -1, high: 1 }
  // Clusters of equal sum and size are of one kind: only how many of each kind are drawn matters.
  const kinds = new Map<string, { sum: number; items: number; count: number }>()
  for (const { sum, items } of byCluster.values()) {
    const key = `${sum} ${items}`
    kinds.set(key, { sum, items, count: (kinds.get(key)?.count ?? 0) + 1 })
  }
  const drawn = [...kinds.values()]
  const resample = new Multinomial(
    drawn.map(({ count }) => count),
    randomFor({ purpose: 'bootstrap', seed }),
  )
  const means = new Float64Array(resamples)
  for (let r = 0; r < resamples; r++) {
    let sum = 0
    let items = 0
    resample.next().forEach((times, k) => {
      const kind = drawn[k] as { sum: number; items: number }
      sum += times * kind.sum
      items += times * kind.items
    })
    means[r] = sum / items
  }
  means.sort()
  return { difference, low: quantile(means, 0.025), high: quantile(means, 0.975) }
}

/**
 * Percentile bootstrap, 95 %, of the mean of each column of `[items][columns]`, over items: the same resamples for all columns.
 * A single item gives no information on the spread; its interval is the value itself.
 */
export function bootstrapMeans(
  rows: readonly (readonly number[])[],
  { seed, resamples = 10_000 }: BootstrapOptions,
): (Interval & { readonly mean: number })[] {
  const random = randomFor({ purpose: 'bootstrap means', seed })
  const drawn = Array.from({ length: resamples }, () => {
    const times = new Uint16Array(rows.length)
    for (let i = 0; i < rows.length; i++) {
      const item = random.below(rows.length)
      times[item] = (times[item] as number) + 1
    }
    return times
  })
  return (rows[0] ?? []).map((_, column) => {
    const values = Float64Array.from(rows, (row) => row[column] as number)
    const means = Float64Array.from(drawn, (times) => {
      let sum = 0
      for (let i = 0; i < values.length; i++) sum += (times[i] as number) * (values[i] as number)
      return sum / values.length
    }).sort()
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    return { mean, low: quantile(means, 0.025), high: quantile(means, 0.975) }
  })
}

/** Of ascending values, with linear interpolation (Hyndman and Fan's type 7, as NumPy). */
function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1)
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (above - below) * (place - Math.floor(place))
}
