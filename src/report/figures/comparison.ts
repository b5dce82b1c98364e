import { meanAndSd, taskName } from '../../figures/paper-rules.js'
import type { Comparison } from '../compare.js'
import type { Figure } from '../../figures/figure.js'
import { seriesLines } from '../../figures/series-lines.js'
import { conflictingKinds } from '../comparison-cells.js'
import type { CurveTask } from '../compared-curves.js'
import { config, ink, kinds, layerX, patchedAt, plotWidth, seriesScales, shown } from '../../figures/style.js'

const verdicts = ['consistent', 'higher', 'lower', 'too few items to tell']

/** Panels of Table 6 and of Table 2: their kinds. */
const panelsOf = { main: kinds, conflicting: Object.values(conflictingKinds) } as const

/** One model's accuracies minus another run's, with intervals: a panel per kind. */
export function differences(
  model: string,
  rows: readonly Comparison[],
  other: string,
  of: keyof typeof panelsOf = 'main',
): Figure | null {
  if (rows.length === 0) return null
  const panels = panelsOf[of]
  const values = rows.map((row) => ({
    ...row,
    name: taskName(row.task),
    says: `${taskName(row.task)}, ${row.kind}: here ${shown(row.ours)} of ${row.ourItems}, ${other} ${shown(row.theirs)} of ${row.theirItems}; difference ${shown(row.difference)} [${shown(row.low)}, ${shown(row.high)}], ${row.verdict}`,
  }))
  const y = {
    field: 'name',
    type: 'nominal',
    sort: [...new Set(values.map(({ name }) => name))],
    axis: { title: null, ticks: false, grid: true },
  } as const
  const x = {
    type: 'quantitative',
    scale: { domain: [-1, 1] as number[] },
    axis: { title: 'difference', values: [-0.5, 0, 0.5] as number[], format: '.1f', grid: false },
  } as const
  const scales = seriesScales(verdicts)
  const color = {
    field: 'verdict',
    type: 'nominal',
    title: null,
    scale: scales.colour,
    legend: { orient: 'bottom', columns: 2 },
  } as const
  return {
    id: of === 'main' ? `differences-${model}` : `differences-${of}-${model}`,
    title: of === 'main' ? `Difference to ${other}` : `Dominance of θ: difference to ${other}`,
    subtitle: model,
    caption: `Accuracy here minus accuracy of ${other}, Newcombe’s interval, 95 %, which accounts for both sides’ items. Verdicts by Fisher’s exact test, adjusted by Holm.`,
    spec: {
      config,
      data: { values },
      facet: { field: 'kind', type: 'nominal', title: null, sort: [...panels] },
      columns: of === 'main' ? 3 : 2,
      spacing: 14,
      spec: {
        width: of === 'main' ? 66 : 90,
        height: { step: 15 },
        layer: [
          { mark: { type: 'rule', color: ink, opacity: 0.5 }, encoding: { x: { ...x, datum: 0 } } },
          {
            mark: { type: 'rule', strokeWidth: 1.5, opacity: 0.7 },
            encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' }, color },
          },
          {
            mark: { type: 'point', filled: true, size: 40, opacity: 1 },
            encoding: {
              y,
              x: { ...x, field: 'difference' },
              color,
              shape: {
                field: 'verdict',
                type: 'nominal',
                title: null,
                scale: scales.shape,
                legend: { orient: 'bottom', columns: 2 },
              },
              description: { field: 'says' },
            },
          },
        ],
      },
    },
    rows: rows.map((row) => ({ ...row })),
  }
}

/** One model's by-layer curve and another run's: means over the tasks that both have. */
export function curvesBeside(model: string, tasks: readonly CurveTask[], other: string): Figure | null {
  const layers = [...new Set(tasks.flatMap(({ points }) => points.map(({ layer }) => layer)))].sort(
    (a, b) => a - b,
  )
  if (layers.length === 0) return null
  const sides = ['here', other]
  const rows = layers.flatMap((layer) => {
    const at = tasks.flatMap(({ points }) => points.filter((point) => point.layer === layer))
    return sides.map((side, i) => ({
      layer,
      side,
      mean: meanAndSd(at.map(({ comparison: { ours, theirs } }) => (i === 0 ? ours : theirs))).mean,
      tasks: at.length,
    }))
  })
  const values = rows.map((row) => ({
    ...row,
    says: `${row.side}, L = ${row.layer}: ${shown(row.mean)}, mean of ${row.tasks} tasks`,
  }))
  const layer = seriesLines({ series: 'side', names: sides, x: layerX(patchedAt), y: { field: 'mean' } })
  return {
    id: `curves-beside-${model}`,
    title: `Accuracy by layer beside ${other}`,
    subtitle: model,
    caption: `Dev accuracy of the hypothesis run by L, mean over the ${tasks.length} tasks that both have, learned or not. If the models differ in their number of blocks, L is matched by depth.`,
    spec: { config, width: plotWidth, height: 200, data: { values }, layer },
    rows,
  }
}
