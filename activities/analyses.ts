import type Database from 'better-sqlite3'
import type { AnalysisInput, AnalysisSteps, Scores, SeparationResult } from '../src/domain/experiments.js'
import { decodeTasks } from '../src/experiments/decodability/forward-passes.js'
import { separateTasks } from '../src/experiments/robustness/separate-tasks.js'
import { layersOfThetas, readThetas } from '../src/store/thetas.js'

/** The computations on stored θ, each over all tasks of a model. */
export const analyses: {
  readonly [Name in keyof AnalysisSteps]: (
    reader: Database.Database,
    input: AnalysisInput,
  ) => AnalysisSteps[Name]['result']
} = { separateTasks: separate, decodeTasks: decode }

function separate(reader: Database.Database, { thetas, seed }: AnalysisInput): SeparationResult {
  const [first] = thetas
  const dModel = first ? readThetas(reader, first.runId, layerOf(first.runId)).dModel : 0
  function layerOf(runId: number): number {
    return layersOfThetas(reader, runId)[0] as number
  }
  return separateTasks(
    thetas.map(({ task, runId }) => {
      const layer = layerOf(runId)
      return { task, layer, vectors: readThetas(reader, runId, layer).vectors }
    }),
    dModel,
    seed,
  )
}

/** One L at a time: all of them together may not fit in memory. */
function decode(reader: Database.Database, { thetas }: AnalysisInput): Scores {
  const layers = thetas[0] ? layersOfThetas(reader, thetas[0].runId) : []
  return {
    scores: layers.flatMap((layer) => {
      const read = thetas.map(({ task, runId }) => ({ task, ...readThetas(reader, runId, layer) }))
      const dims = read[0]?.dModel ?? 1
      const all = new Float32Array(read.reduce((sum, { vectors }) => sum + vectors.length, 0))
      let offset = 0
      for (const { vectors } of read) {
        all.set(vectors, offset)
        offset += vectors.length
      }
      const tasks = read.flatMap(({ task, vectors }) => Array<string>(vectors.length / dims).fill(task))
      return decodeTasks(all, tasks, dims, layer).scores
    }),
  }
}
