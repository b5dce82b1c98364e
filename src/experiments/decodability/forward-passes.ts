import type { ComputeSteps, Score, Scores, Thetas } from '../../domain/experiments.js'
import type { EvaluateOptions } from '../../engine/engine.js'
import { namedByNearestMean } from '../../statistics/nearest-mean.js'
import type { RunningEngine } from '../main/main-experiment.js'
import { thetasOf, toThetas } from '../thetas.js'

/**
 * Whether a linear classifier names the task from θ, at each L.
 *
 * 1. θ_L of some (S, x') of each task, for every L.
 * 2. Nearest class mean, which is linear in θ, cross-validated over the θ.
 */
export async function decodabilityThetas(
  engine: RunningEngine,
  { items, layers, firstItem }: ComputeSteps['decodabilityThetas']['input'],
  options: EvaluateOptions,
): Promise<Thetas> {
  return toThetas(await thetasOf(engine, items, layers, options), firstItem, layers)
}

const folds = 5

/** Step 2, at one L: `vectors` is `[n, dims]`, with the task of each. */
export function decodeTasks(
  vectors: Float32Array,
  tasks: readonly string[],
  dims: number,
  layer: number,
): Scores {
  const named = namedByNearestMean(vectors, tasks, dims, folds)
  const scores = [...new Set(tasks)].map((task): Score => {
    const own = tasks.flatMap((each, i) => (each === task ? [i] : []))
    return {
      task,
      setting: 'nearest_mean',
      layer,
      sourceLayer: layer,
      items: own.length,
      correct: own.filter((i) => named[i] === task).length,
      answerLogProb: null,
      answerRank: null,
      answerLogitDifference: null,
    }
  })
  return { scores }
}
