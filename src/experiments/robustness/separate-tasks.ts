import type { SeparationResult } from '../../domain/experiments.js'
import { cosineDistances } from '../../statistics/cosine.js'
import { histogramBins, separation } from '../../statistics/separation.js'
import { tsne } from '../../statistics/tsne.js'

/** A task's θ at its L: `[thetas, d_model]`. */
export interface TaskThetas {
  readonly task: string
  readonly layer: number
  readonly vectors: Float32Array
}

/** Step 3 of robustness.ts: how well the tasks' θ lie apart, and where t-SNE puts them (Figures 5 and 9). */
export function separateTasks(tasks: readonly TaskThetas[], dModel: number, seed: number): SeparationResult {
  const labels = tasks.flatMap(({ task, vectors }) => Array<string>(vectors.length / dModel).fill(task))
  const all = new Float32Array(labels.length * dModel)
  let offset = 0
  for (const { vectors } of tasks) {
    all.set(vectors, offset)
    offset += vectors.length
  }
  const { upper, byLabel } = separation(cosineDistances(all, labels.length, dModel), labels)
  const map = tsne(all, labels.length, dModel, { seed })
  let next = 0
  return {
    edges: Array.from({ length: histogramBins + 1 }, (_, i) => (upper * i) / histogramBins),
    tasks: tasks.map(({ task, layer, vectors }) => {
      const found = byLabel.get(task) as NonNullable<ReturnType<typeof byLabel.get>>
      const thetas = vectors.length / dModel
      const points = Array.from({ length: thetas }, (): [number, number] => {
        const at = 2 * next++
        return [map[at] as number, map[at + 1] as number]
      })
      return {
        task,
        layer,
        thetas,
        withinMean: found.within.mean,
        withinSd: found.within.sd,
        betweenMean: found.between.mean,
        betweenSd: found.between.sd,
        purity: found.purity,
        silhouette: found.silhouette,
        withinHistogram: found.withinHistogram,
        betweenHistogram: found.betweenHistogram,
        points,
      }
    }),
  }
}
