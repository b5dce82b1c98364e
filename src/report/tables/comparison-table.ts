import type { CurveTask } from '../compared-curves.js'
import type { Comparison, Verdict } from '../compare.js'
import { taskName } from '../../figures/paper-rules.js'
import { share, type Table } from '../../figures/table.js'

/** Every accuracy and `other`'s, with a verdict: of Table 6 or Table 2. */
export function comparisonTable(
  rows: readonly Comparison[],
  other: string,
  of: 'main' | 'conflicting' = 'main',
): Table {
  return {
    id: of === 'main' ? 'comparison' : `comparison-${of}`,
    title: of === 'main' ? `Beside ${other}` : `Dominance of θ beside ${other}`,
    caption:
      'Difference: here minus there, in brackets Newcombe’s interval, 95 %. p: Fisher’s exact test, adjusted by Holm for the number of comparisons. Consistent: p ≥ 0.05 and the interval rules out a difference of 0.20.',
    columns: {
      model: 'Model',
      task: 'Task',
      kind: 'Run',
      ours: 'Here',
      ourItems: 'Items',
      theirs: 'There',
      theirItems: 'Items',
      difference: 'Difference',
      p: 'p',
      verdict: 'Verdict',
    },
    align: 'lllrrrrrrl',
    rows: rows.map((row) => ({
      model: row.model,
      task: taskName(row.task),
      kind: row.kind,
      ours: share(row.ours),
      ourItems: row.ourItems,
      theirs: share(row.theirs),
      theirItems: row.theirItems,
      difference: `${share(row.difference)} [${share(row.low)}, ${share(row.high)}]`,
      p: shownP(row.p),
      verdict: row.verdict,
    })),
  }
}

/** A row per model and task: the verdicts on its curve's points, and the best L of both sides. */
export function curvesTable(tasks: readonly CurveTask[], other: string): Table {
  return {
    id: 'comparison-layers',
    title: `By layer beside ${other}`,
    caption:
      'Points: how many L of the curve are higher, lower, consistent, or have too few items to tell; p adjusted by Holm over the points of all curves. Best L: the lowest with the highest dev accuracy. There at our L, and at their own: their dev accuracy; difference, p and verdict are of these two.',
    columns: {
      model: 'Model',
      task: 'Task',
      points: 'Points',
      higher: 'Higher',
      lower: 'Lower',
      consistent: 'Consistent',
      tooFew: 'Too few',
      layer: 'Best L here',
      theirLayer: 'There',
      there: 'There, at our L',
      best: 'At their own',
      difference: 'Difference',
      p: 'p',
      verdict: 'Verdict',
    },
    align: 'llrrrrrrrrrrrl',
    rows: tasks.map(({ model, task, points, best }) => {
      const count = (wanted: Verdict) =>
        points.filter(({ comparison }) => comparison.verdict === wanted).length
      return {
        model,
        task: taskName(task),
        points: points.length,
        higher: count('higher'),
        lower: count('lower'),
        consistent: count('consistent'),
        tooFew: count('too few items to tell'),
        ...bestCells(best),
      }
    }),
  }
}

/** Empty where a side has no best L. */
function bestCells(best: CurveTask['best']) {
  if (best === null)
    return { layer: '', theirLayer: '', there: '', best: '', difference: '', p: '', verdict: '' }
  const { ours, theirs, difference, low, high, p, verdict } = best.comparison
  return {
    ...{ layer: best.layer, theirLayer: best.theirLayer, there: share(ours), best: share(theirs) },
    difference: `${share(difference)} [${share(low)}, ${share(high)}]`,
    ...{ p: shownP(p), verdict },
  }
}

function shownP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}
