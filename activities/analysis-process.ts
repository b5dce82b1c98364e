import type { Scores } from '../src/domain/experiments.js'
import { decodeTasks } from '../src/experiments/decodability.js'
import { separateTasks } from '../src/experiments/separate-tasks.js'
import { openReadOnly } from '../src/store/open.js'
import { layersOfThetas, readThetas } from '../src/store/thetas.js'
import type { Analysis, AnalysisAnswer } from './analysis.js'

/** The process of one analysis (analysis.ts): reads θ, answers once, ends. */
process.once('message', (analysis: Analysis) => {
  process.send?.(answer(analysis), () => process.disconnect())
})

function answer(analysis: Analysis): AnalysisAnswer {
  try {
    return { result: analysis.activity === 'separateTasks' ? separate(analysis) : decode(analysis) }
  } catch (error) {
    return { failure: { message: (error as Error).message } }
  }
}

function separate({ db, thetas, seed }: Analysis) {
  const reader = openReadOnly(db)
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
function decode({ db, thetas }: Analysis): Scores {
  const reader = openReadOnly(db)
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
