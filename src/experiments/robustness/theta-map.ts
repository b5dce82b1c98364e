import { taskName } from '../../figures/paper-rules.js'
import type { Figure } from '../../figures/figure.js'
import { config, taskMarks } from '../../figures/style.js'
import type { thetaMapView } from './tables.js'

type ThetaPoint = Omit<typeof thetaMapView.$inferSelect, 'sweep'>

/** Figure 5: the t-SNE map of one model's θ, a point per (S, x'); colour tells the category, shape the task within it. */
export function thetaMap(model: string, points: readonly ThetaPoint[]): Figure | null {
  if (points.length === 0) return null
  const order = [...new Set(points.map(({ category }) => category))]
  const tasks = [...new Map(points.map(({ task, category }) => [task, { task, category }])).values()].sort(
    (a, b) => order.indexOf(a.category) - order.indexOf(b.category),
  )
  const names = tasks.map(({ task }) => taskName(task))
  const marks = taskMarks(tasks)
  const values = points.map(({ task, category, item, x, y }) => ({
    x,
    y,
    name: taskName(task),
    says: `${taskName(task)} (${category}), θ ${item}`,
  }))
  // Coordinates of t-SNE mean nothing by themselves: no axes.
  const place = {
    type: 'quantitative',
    axis: null,
    scale: { zero: false, nice: false, padding: 10 },
  } as const
  const legend = {
    title: null,
    orient: 'bottom',
    columns: 3,
    symbolSize: 50,
    rowPadding: 2,
    labelLimit: 150,
  } as const
  return {
    id: `figure-5-${model}`,
    title: 'Figure 5: task vectors by t-SNE',
    subtitle: model,
    caption:
      'θ of different (S, x′) in two dimensions by t-SNE. Colour shows the category, shape the task within it; distances between far clusters mean little.',
    spec: {
      config: { ...config, view: { stroke: '#dcdcdc' } },
      width: 384,
      height: 340,
      data: { values },
      mark: { type: 'point', filled: true, size: 42, opacity: 0.8 },
      encoding: {
        x: { field: 'x', ...place },
        y: { field: 'y', ...place },
        color: { field: 'name', type: 'nominal', scale: { domain: names, range: marks.colours }, legend },
        shape: { field: 'name', type: 'nominal', scale: { domain: names, range: marks.shapes }, legend },
        description: { field: 'says' },
      },
    },
    rows: points.map((point) => ({ ...point })),
  }
}
