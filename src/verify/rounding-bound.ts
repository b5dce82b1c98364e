import type { ModelInfo } from '../domain/types.js'

/** Unit roundoff of f32. */
const u = 2 ** -24
/** Standard deviations that a sum of rounding errors may reach, of each of the two computations. */
const deviations = 4
/** Terms of a logit, added up, in size: about the square of what logits of language models reach. */
const size = 32
/** Roundings of a block on the way to a logit, in units of d_model: the sums of its projections and of the MLP. */
const sumsPerBlock = 8

/**
 * How far a log-probability computed on two kinds of processors may differ. Kernels add the same products in another order: each
 * rounding is off by u at most, either way, and R of them one after the other by about sqrt(R) u of the size of the terms (Higham and
 * Mary 2019, doi 10.1137/18M1226312), each of the two computations by a few times that. R: the terms that are added on the way from
 * the first block to a logit. docs/numerics.md sets it beside what was measured.
 */
export function roundingBound({
  blocks,
  dModel,
  numerics,
}: Pick<ModelInfo, 'blocks' | 'dModel' | 'numerics'>): number {
  const roundings = (sumsPerBlock * blocks + 1) * dModel
  const f32 = 2 * deviations * Math.sqrt(roundings) * u * size
  return numerics.mode === 'w8a8' ? f32 + stepFlips(blocks) : f32
}

/**
 * In w8a8 a last bit may move an activation over the edge between two of its 127 steps; a few do in every block. Each changes one
 * of a product's terms by a step: those of all blocks together, a share of a step of the whole.
 */
function stepFlips(blocks: number): number {
  return (size * Math.sqrt(blocks)) / 127 / 16
}
