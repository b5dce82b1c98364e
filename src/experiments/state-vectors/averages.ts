/**
 * The state vectors of Li et al. (2024, arXiv 2404.11225) from the states of a prompt's arrows, V_1 .. V_k of its demonstrations and V_{k+1} of
 * its end: the last one alone, `inner` and `momentum` (Inner Optimization and Momentum Optimization of their method section, as in their code).
 */
export const averages = ['last', 'inner', 'momentum'] as const
export type Average = (typeof averages)[number]

/**
 * @param states V_1 .. V_{k+1}, of equal lengths
 * @param last how many of the last ones count, at least 1
 * @returns `last`: V_{k+1}; `inner`: the mean of the last ones; `momentum`: that mean plus the differences of the demonstrations'
 *   states among them, V_i - V_{i-1}, each weighted twice as much as the one before, with weights that sum to 1
 */
export function averaged(states: readonly Float32Array[], last: number): Record<Average, Float32Array> {
  const counting = states.slice(-last)
  const end = states.at(-1) as Float32Array
  const inner = end.map((_, i) => sum(counting, i) / counting.length)
  // V_{k+1} - V_k belongs to the query, not a demonstration: left out, as in their code (weight 0).
  const demonstrations = counting.slice(0, -1)
  const weights = demonstrations.slice(1).map((_, step) => 2 ** step)
  const total = weights.reduce((a, b) => a + b, 0)
  const momentum = inner.map(
    (mean, i) =>
      mean +
      weights.reduce((change, weight, step) => {
        const difference = valueOf(demonstrations[step + 1], i) - valueOf(demonstrations[step], i)
        return change + (weight / total) * difference
      }, 0),
  )
  return { last: end, inner, momentum }
}

function sum(vectors: readonly Float32Array[], i: number): number {
  return vectors.reduce((total, vector) => total + valueOf(vector, i), 0)
}

function valueOf(vector: Float32Array | undefined, i: number): number {
  return vector?.[i] as number
}
