import { taskName } from '../definitions.js'
import type { Comparison } from '../compare.js'
import type { Figure } from './figure.js'
import { config, ink, kinds, seriesScales, shown } from './style.js'

const verdicts = ['consistent', 'higher', 'lower', 'too few items to tell']

/** One model's accuracies beside another run's: differences with their intervals, a panel per kind. */
export function differences(model: string, rows: readonly Comparison[], other: string): Figure | null {
  if (rows.length === 0) return null
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
    id: `differences-${model}`,
    title: `Difference to ${other}`,
    subtitle: model,
    caption: `Accuracy here minus accuracy of ${other}, Newcombe’s interval, 95 %: both sides’ items count. Verdicts by Fisher’s exact test, adjusted by Holm.`,
    spec: {
      config,
      data: { values },
      facet: { field: 'kind', type: 'nominal', title: null, sort: [...kinds] },
      columns: 3,
      spacing: 14,
      spec: {
        width: 66,
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
