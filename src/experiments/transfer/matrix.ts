import { taskName } from '../../figures/paper-rules.js'
import type { Figure } from '../../figures/figure.js'
import { accuracyColour, config, shown } from '../../figures/style.js'
import { random, withoutSetting, withSetting } from './sources.js'
import type { transferView } from './tables.js'

type TransferRow = Pick<
  typeof transferView.$inferSelect,
  'model' | 'source' | 'task' | 'layer' | 'items' | 'accuracy'
>

/** θ of one task on the queries of another: at the best layer of each pair, if several were tried. */
export function transferMatrix(model: string, rows: readonly TransferRow[]): Figure | null {
  if (rows.length === 0) return null
  const best = new Map<string, TransferRow>()
  for (const row of rows) {
    const place = `${row.source}\n${row.task}`
    if ((best.get(place)?.accuracy ?? -1) < row.accuracy) best.set(place, row)
  }
  const several = best.size < rows.length
  const cells = [...best.values()].map(({ source, task, layer, items, accuracy }) => ({
    ...{ source: sourceName(source), task: taskName(task), layer, items, accuracy },
    says: `θ of ${sourceName(source)} on queries of ${taskName(task)}, L = ${layer}: ${shown(accuracy)} of ${items}`,
  }))
  const tasks = [...new Set(cells.map(({ task }) => task))]
  // Tasks in the order of the other axis, each followed by its θ of other settings; then compositions, then the control.
  const place = (source: string) => {
    const own = tasks.indexOf(withoutSetting(source))
    if (own >= 0) return own + (tasks.includes(source) ? 0 : 0.5)
    return source === sourceName(random) ? Infinity : tasks.length
  }
  const sources = [...new Set(cells.map(({ source }) => source))].sort((a, b) =>
    place(a) === place(b) ? (a < b ? -1 : 1) : place(a) - place(b),
  )
  const axis = { labelLimit: 260, ticks: false, domain: false } as const
  return {
    id: `transfer-${model}`,
    title: 'θ of one task on the queries of another',
    subtitle: model,
    caption: `Accuracy by the answers of the queries’ task, with the mean θ of another task, of a composition, or a random vector with the norm of the task’s own θ patched into [x, →]${several ? ', at the best L of each pair, chosen on these same queries: an upper bound' : ''}.`,
    spec: {
      config,
      width: { step: 30 },
      height: { step: 22 },
      data: { values: cells },
      mark: { type: 'rect' },
      encoding: {
        x: {
          field: 'task',
          type: 'ordinal',
          sort: tasks,
          axis: { ...axis, title: 'queries of', labelAngle: -40 },
        },
        y: { field: 'source', type: 'ordinal', sort: sources, axis: { ...axis, title: 'θ of' } },
        color: accuracyColour,
        description: { field: 'says' },
      },
    },
    rows: cells,
  }
}

function sourceName(source: string): string {
  if (source === random) return 'a random vector'
  const task = withoutSetting(source)
  if (task !== source) return withSetting(taskName(task), source.slice(withSetting(task, '').length))
  return /\s/.test(source) ? source : taskName(source)
}
