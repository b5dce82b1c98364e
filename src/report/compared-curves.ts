import { compareEach, sameModel, type Comparison } from './compare.js'
import { bestLayerPairs, curvePoints, type BestLayers, type Curve } from './comparison-cells.js'
import { groupBy } from '../figures/paper-rules.js'

/** One model's by-layer curve of one task beside another run's. */
export interface CurveTask {
  readonly model: string
  readonly task: string
  /** By our L; all points of all tasks and models are one family of tests. */
  readonly points: readonly { readonly layer: number; readonly comparison: Comparison }[]
  readonly layers: BestLayers
  /** Their dev accuracy at the depth of our best L (`ours`) beside that at their own (`theirs`). */
  readonly best: Comparison
}

/** The curves of every model and task that both sides have. */
export function comparedCurves(ours: readonly Curve[], theirs: readonly Curve[]): CurveTask[] {
  const points = curvePoints(ours, theirs, sameModel)
  const best = bestLayerPairs(ours, theirs, sameModel)
  const comparisons = compareEach(points.map(({ cells }) => cells))
  const bests = compareEach(best.map(({ cells }) => cells))
  const located = points.flatMap(({ layer }, i) => {
    const comparison = comparisons[i]
    return comparison ? [{ layer, comparison }] : []
  })
  const byTask = new Map(groupBy(located, ({ comparison: { model, task } }) => `${model}\n${task}`))
  return best.flatMap(({ layers }, i) => {
    const comparison = bests[i]
    if (!comparison) return []
    const { model, task } = comparison
    return [{ model, task, points: byTask.get(`${model}\n${task}`) ?? [], layers, best: comparison }]
  })
}
