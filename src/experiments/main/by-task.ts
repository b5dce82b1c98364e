import { taskName } from '../../figures/paper-rules.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import type { Figure } from '../../figures/figure.js'
import { intervalDots } from '../../figures/interval-dots.js'
import { config, kindColours, kinds, shownOf } from '../../figures/style.js'
import type { ResultRow } from './table-6.js'

/** One model's Table 6 as a picture: baseline, hypothesis and regular per task with their intervals. */
export function accuracyByTask(model: string, rows: readonly ResultRow[]): Figure | null {
  if (rows.length === 0) return null
  const values = rows.flatMap((row) =>
    kinds.map((kind) => {
      const items = kind === 'baseline' ? row.baselineItems : row.testItems
      const correct = Math.round(row[kind] * items)
      return {
        model,
        task: row.task,
        name: taskName(row.task),
        kind,
        accuracy: row[kind],
        ...wilsonInterval(correct, items),
        items,
        says: `${taskName(row.task)}, ${kind}${kind === 'hypothesis' && row.bestLayer !== null ? ` (L = ${row.bestLayer})` : ''}: ${shownOf(correct, items)}`,
      }
    }),
  )
  const y = {
    field: 'name',
    type: 'nominal',
    sort: rows.map(({ task }) => taskName(task)),
    axis: { title: null, grid: true, tickBand: 'extent', ticks: false },
  } as const
  const scales = {
    colour: { domain: [...kinds], range: kinds.map((kind) => kindColours[kind]) },
    shape: { domain: [...kinds], range: ['square', 'circle', 'diamond'] },
  }
  return {
    id: `by-task-${model}`,
    title: 'Accuracy by task',
    subtitle: model,
    caption:
      'Test accuracy (baseline: on its own items) and Wilson’s interval, 95 %. The hypothesis run patches θ in at the best L.',
    spec: {
      config,
      width: 225,
      height: { step: 8 },
      data: { values },
      layer: intervalDots({ y, series: 'kind', names: kinds, x: 'accuracy', scales, legend: {}, size: 38 }),
    },
    rows: values.map(({ says: _says, name: _name, ...row }) => row),
  }
}
