import { namedByNearestMean } from '../../statistics/nearest-mean.js'
import type { AnalysisInput, ThetaReader } from '../experiment.js'
import type { Score, Scores } from '../scores.js'
import { joined } from '../thetas.js'

const folds = 5

/**
 * Whether a linear classifier names the task from θ, at each L: nearest class mean, which is linear in θ, cross-validated
 * over the θ of some (S, x') of each task. One L at a time: all of them together may not fit in memory.
 */
export function decodeAllLayers(reader: ThetaReader, { thetas }: AnalysisInput): Scores {
  const layers = thetas[0] ? reader.layers(thetas[0].runId) : []
  return {
    scores: layers.flatMap((layer) => {
      const read = thetas.map(({ task, runId }) => ({ task, ...reader.vectors(runId, layer) }))
      const dims = read[0]?.dModel ?? 1
      const tasks = read.flatMap(({ task, vectors }) => Array<string>(vectors.length / dims).fill(task))
      return decodeTasks(joined(read.map(({ vectors }) => vectors)), tasks, dims, layer).scores
    }),
  }
}

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
