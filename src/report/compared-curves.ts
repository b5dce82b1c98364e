import { compareEach, sameModel, type Comparison } from './compare.js'
import { bestLayerPairs, curvePoints, type BestLayers, type Curve } from './comparison-cells.js'
import { groupBy } from '../figures/paper-rules.js'

/** One model's by-layer curve of one task, and another run's. */
export interface CurveTask {
  readonly model: string
  readonly task: string
  /** By our L; all points of all tasks and models are one family of tests. */
  readonly points: readonly { readonly layer: number; readonly comparison: Comparison }[]
  /** Null if one of the curves is all zero. */
  readonly best:
    | (BestLayers & {
        /** Their dev accuracy at the depth of our best L (`ours`) and at their own (`theirs`). */
        readonly comparison: Comparison
      })
    | null
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
  const bestOf = new Map(
    bests.map((comparison, i) => [keyOf(comparison), { ...(best[i]?.layers as BestLayers), comparison }]),
  )
  return groupBy(located, ({ comparison }) => keyOf(comparison)).map(([key, points]) => {
    const { model, task } = (points[0] as (typeof points)[number]).comparison
    return { model, task, points, best: bestOf.get(key) ?? null }
  })
}

const keyOf = ({ model, task }: Comparison) => `${model}\n${task}`
