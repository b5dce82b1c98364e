/**
 * Wilson's score interval of a proportion, 95 % (Wilson 1927): unlike p ± 1.96 s.e., it stays within 0..1 and is accurate
 * near the ends, where accuracies often are. Implemented here because no maintained package provides it alone.
 */
export function wilsonInterval(
  successes: number,
  trials: number,
): { readonly low: number; readonly high: number } {
  if (trials === 0) return { low: 0, high: 1 }
  const z = 1.959963984540054 // 97.5 % quantile of the standard normal distribution
  const p = successes / trials
  const denominator = 1 + z ** 2 / trials
  const centre = (p + z ** 2 / (2 * trials)) / denominator
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / trials + z ** 2 / (4 * trials ** 2))
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}
