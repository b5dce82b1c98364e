/**
 * How well labels (tasks) separate vectors (θ), from the distances between them: the paper's Figures 5 and 9. A vector's
 * zero distance to itself is left out everywhere (docs/protocol.md, Robustness).
 */

export interface Moments {
  readonly mean: number
  /** Standard deviation, divisor n; 0 for a single distance, NaN for none. */
  readonly sd: number
}

export interface Separation {
  /** Distances between two vectors of the label, each pair once. */
  readonly within: Moments
  /** Distances from the label's vectors to all others. */
  readonly between: Moments
  /** Share of the label's vectors whose nearest neighbour has the same label. */
  readonly purity: number
  /** Mean silhouette of the label's vectors, -1 to 1. */
  readonly silhouette: number
  /** Densities over `histogramBins` equal bins from 0 to `upper`. */
  readonly withinHistogram: readonly number[]
  readonly betweenHistogram: readonly number[]
}

export const histogramBins = 50

/**
 * A `Separation` per label, in order of first appearance. `distances` is `[n, n]`, `labels` has n entries. All
 * histograms share their bins: 0 to `upper`, the largest distance, rounded up to a multiple of 1/20.
 */
export function separation<L>(
  distances: Float64Array,
  labels: readonly L[],
): { readonly upper: number; readonly byLabel: ReadonlyMap<L, Separation> } {
  const n = labels.length
  const upper = Math.max(0.05, Math.ceil(distances.reduce((a, b) => Math.max(a, b), 0) * 20) / 20)
  const nearest = nearestNeighbours(distances, n)
  const silhouettes = silhouette(distances, labels)
  const byLabel = new Map<L, Separation>()
  for (const label of new Set(labels)) {
    const within: number[] = []
    const between: number[] = []
    const own = labels.flatMap((other, i) => (other === label ? [i] : []))
    for (const i of own) {
      for (let j = 0; j < n; j++) {
        const distance = distances[i * n + j] as number
        if (labels[j] !== label) between.push(distance)
        else if (j > i) within.push(distance)
      }
    }
    byLabel.set(label, {
      within: moments(within),
      between: moments(between),
      purity: mean(own.map((i) => (labels[nearest[i] as number] === label ? 1 : 0))),
      silhouette: mean(own.map((i) => silhouettes[i] as number)),
      withinHistogram: histogram(within, upper),
      betweenHistogram: histogram(between, upper),
    })
  }
  return { upper, byLabel }
}

/**
 * Rousseeuw's silhouette (1987) of every vector: (b - a) / max(a, b), a its mean distance to its own label's others, b the
 * smallest mean distance to another label. 0 if its label has no other vector, or there is only one label.
 */
export function silhouette<L>(distances: Float64Array, labels: readonly L[]): Float64Array {
  const n = labels.length
  const index = new Map([...new Set(labels)].map((label, i) => [label, i]))
  const of = labels.map((label) => index.get(label) as number)
  const sizes = new Float64Array(index.size)
  for (const label of of) (sizes[label] as number)++
  return Float64Array.from(of, (label, i) => {
    if ((sizes[label] as number) < 2 || index.size < 2) return 0
    const sums = new Float64Array(index.size)
    for (let j = 0; j < n; j++) sums[of[j] as number]! += distances[i * n + j] as number
    const a = (sums[label] as number) / ((sizes[label] as number) - 1)
    let b = Infinity
    sums.forEach((sum, other) => {
      if (other !== label) b = Math.min(b, sum / (sizes[other] as number))
    })
    return a === b ? 0 : (b - a) / Math.max(a, b)
  })
}

/** Index of each vector's nearest other vector; the lowest index among equals, -1 if there is no other. */
export function nearestNeighbours(distances: Float64Array, n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => {
    let best = -1
    for (let j = 0; j < n; j++) {
      if (j === i) continue
      if (best < 0 || (distances[i * n + j] as number) < (distances[i * n + best] as number)) best = j
    }
    return best
  })
}

/** Densities over equal bins from 0 to `upper`: their sum times the bins' width is 1. The last bin includes `upper`. */
function histogram(values: readonly number[], upper: number): number[] {
  const counts = new Array<number>(histogramBins).fill(0)
  for (const value of values) {
    const bin = Math.min(histogramBins - 1, Math.floor((value / upper) * histogramBins))
    counts[bin] = (counts[bin] as number) + 1
  }
  const area = values.length * (upper / histogramBins)
  return counts.map((count) => (area === 0 ? 0 : count / area))
}

function moments(values: readonly number[]): Moments {
  const centre = mean(values)
  return { mean: centre, sd: Math.sqrt(mean(values.map((value) => (value - centre) ** 2))) }
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}
