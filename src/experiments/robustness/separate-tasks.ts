import { cosineDistances } from '../../statistics/cosine.js'
import { histogramBins, separation } from '../../statistics/separation.js'
import { tsne } from '../../statistics/tsne.js'
import type { AnalysisInput, ThetaReader } from '../experiment.js'
import { joined } from '../thetas.js'
import type { TaskDistances } from './tables.js'

export interface SeparationResult {
  /** 51 edges of the histograms' bins. */
  readonly edges: readonly number[]
  readonly tasks: readonly (TaskDistances & {
    readonly task: string
    readonly withinHistogram: readonly number[]
    readonly betweenHistogram: readonly number[]
    /** [x, y] of each θ, by t-SNE. */
    readonly points: readonly (readonly [number, number])[]
  })[]
}

/** `separateTasks` on stored θ, each task at its own L. */
export function separateStored(reader: ThetaReader, { thetas, seed }: AnalysisInput): SeparationResult {
  const read = thetas.map(({ task, runId }) => {
    const layer = reader.layers(runId)[0] as number
    return { task, layer, ...reader.vectors(runId, layer) }
  })
  return separateTasks(read, read[0]?.dModel ?? 0, seed)
}

/** A task's θ at its L: `[thetas, d_model]`. */
export interface TaskThetas {
  readonly task: string
  readonly layer: number
  readonly vectors: Float32Array
}

/** Step 3 of robustness.ts: how well the tasks' θ separate, and their t-SNE coordinates (Figures 5 and 9). */
export function separateTasks(tasks: readonly TaskThetas[], dModel: number, seed: number): SeparationResult {
  const labels = tasks.flatMap(({ task, vectors }) => Array<string>(vectors.length / dModel).fill(task))
  const all = joined(tasks.map(({ vectors }) => vectors))
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
