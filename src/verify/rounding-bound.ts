import type { ModelInfo } from '../domain/types.js'

/** Unit roundoff of f32. */
const u = 2 ** -24
/** Standard deviations allowed for the sum of rounding errors of each of the two computations. */
const deviations = 4
/** Magnitude of the terms of a logit. */
const size = 32
/** Terms summed per block on the way to a logit, in units of d_model: those of the attention projections and the MLP. */
const sumsPerBlock = 8
/** Relative difference in w8a8, measured on random weights by another route through the model (test/engine/numerics.test.ts). */
const flippedSteps = 0.005

/**
 * Bound on the difference of a log-probability between two kinds of processors, whose kernels add the same products in different
 * orders. A rounding has a relative error of at most u; R of them accumulate to about sqrt(R) u (Higham and Mary 2019,
 * doi 10.1137/18M1226312), and each of the two computations may reach a few times that. R is the number of terms summed on the way
 * from the first block to a logit. In w8a8, a last bit may also move an activation to the next 8-bit step.
 */
export function roundingBound({
  blocks,
  dModel,
  numerics,
}: Pick<ModelInfo, 'blocks' | 'dModel' | 'numerics'>): number {
  const roundings = (sumsPerBlock * blocks + 1) * dModel
  const relative = 2 * deviations * Math.sqrt(roundings) * u
  return size * (relative + (numerics.mode === 'w8a8' ? flippedSteps : 0))
}
