import { normal, type RandomSource } from './random.js'

export interface Evolution {
  /** n, the number of coordinates. They start at 0 and should be scaled so that a step of about 1 is reasonable. */
  readonly size: number
  readonly generations: number
  readonly random: RandomSource
  /** Scores of the candidates, one each; higher is better. */
  readonly score: (candidates: readonly Float64Array[]) => Promise<readonly number[]>
}

/**
 * Maximises a score without gradients and returns the final centre of the search distribution: separable CMA-ES, which keeps a variance for each
 * coordinate (Ros and Hansen 2008, doi 10.1007/978-3-540-87700-4_30), with the constants of Hansen's tutorial (arXiv 1604.00772).
 */
export async function evolve({ size: n, generations, random, score }: Evolution): Promise<Float64Array> {
  const population = 4 + Math.floor(3 * Math.log(n))
  const parents = Math.floor(population / 2)
  const raw = Array.from({ length: parents }, (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1))
  const total = sum(raw)
  const weights = raw.map((weight) => weight / total)
  const effective = 1 / sum(weights.map((weight) => weight ** 2))
  const ofStep = (effective + 2) / (n + effective + 5)
  const damping = 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (n + 1)) - 1) + ofStep
  const ofPath = (4 + effective / n) / (n + 4 + (2 * effective) / n)
  // Only n variances are learned, so they are learned faster.
  const faster = (n + 2) / 3
  const one = Math.min(1, (faster * 2) / ((n + 1.3) ** 2 + effective))
  const many = Math.min(1 - one, (faster * 2 * (effective - 2 + 1 / effective)) / ((n + 2) ** 2 + effective))
  const expected = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))

  const centre = new Float64Array(n)
  const variances = new Float64Array(n).fill(1)
  const stepPath = new Float64Array(n)
  const path = new Float64Array(n)
  let step = 1
  for (let generation = 1; generation <= generations; generation++) {
    const drawn = Array.from({ length: population }, () => Float64Array.from(centre, () => normal(random)))
    const moves = drawn.map((z) => z.map((value, i) => value * Math.sqrt(at(variances, i))))
    const scores = await score(moves.map((move) => move.map((value, i) => at(centre, i) + step * value)))
    const order = scores.map((_, i) => i).sort((a, b) => at(scores, b) - at(scores, a) || a - b)
    const best = order.slice(0, parents)
    const mean = (of: readonly Float64Array[], i: number) =>
      sum(best.map((candidate, rank) => at(weights, rank) * at(of[candidate] as Float64Array, i)))
    for (let i = 0; i < n; i++) {
      centre[i] = at(centre, i) + step * mean(moves, i)
      stepPath[i] =
        (1 - ofStep) * at(stepPath, i) + Math.sqrt(ofStep * (2 - ofStep) * effective) * mean(drawn, i)
    }
    const length = Math.hypot(...stepPath)
    const stalled = length / Math.sqrt(1 - (1 - ofStep) ** (2 * generation)) >= (1.4 + 2 / (n + 1)) * expected
    for (let i = 0; i < n; i++) {
      const moved = stalled ? 0 : Math.sqrt(ofPath * (2 - ofPath) * effective) * mean(moves, i)
      path[i] = (1 - ofPath) * at(path, i) + moved
      const spread = sum(
        best.map((candidate, rank) => at(weights, rank) * at(moves[candidate] as Float64Array, i) ** 2),
      )
      const missed = stalled ? ofPath * (2 - ofPath) * at(variances, i) : 0
      variances[i] = (1 - one - many) * at(variances, i) + one * (at(path, i) ** 2 + missed) + many * spread
    }
    step *= Math.exp((ofStep / damping) * (length / expected - 1))
  }
  return centre
}

function at(values: ArrayLike<number>, i: number): number {
  return values[i] as number
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
