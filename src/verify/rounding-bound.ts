import type { ModelInfo } from '../domain/types.js'

/** Unit roundoff of f32. */
const u = 2 ** -24
/** Standard deviations that a sum of rounding errors may reach, in each of the two computations. */
const deviations = 4
/** Size of the terms that make a logit. */
const size = 32
/** Terms added in a block on the way to a logit, in units of d_model: the sums of its projections and of the MLP. */
const sumsPerBlock = 8
/** Of w8a8, measured on random weights by another route through the model (test/engine/numerics.test.ts), relative. */
const flippedSteps = 0.005

/**
 * How far a log-probability computed on two kinds of processors may differ. Kernels add the same products in another order. Each
 * rounding is off by at most u, either way; R of them in a row by about sqrt(R) u of the size of the terms (Higham and Mary 2019,
 * doi 10.1137/18M1226312), and each of the two computations by a few times that. R: the terms added on the way from the first block
 * to a logit. In w8a8 a last bit may also move an activation over the edge between two of its 8-bit steps.
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
