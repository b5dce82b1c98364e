import { taskName } from '../../figures/paper-rules.js'
import type { Figure } from '../../figures/figure.js'
import { config, kindColours, shown } from '../../figures/style.js'
import type { Distances } from './distances-table.js'

const sides = { within: 'within the task', between: 'to other tasks' } as const
const colours = { within: kindColours.hypothesis, between: kindColours.regular }

/** Figure 9: cosine distances of one model's θ within each task and to the other tasks, a small histogram per task. */
export function distanceHistograms(model: string, rows: readonly Distances[]): Figure | null {
  if (rows.length === 0) return null
  const values = rows.flatMap((row) => {
    const edges = JSON.parse(row.histogramEdges) as number[]
    return (['within', 'between'] as const).flatMap((side) =>
      (JSON.parse(row[`${side}Histogram`]) as number[]).map((density, bin) => {
        const [from, to] = [edges[bin] ?? 0, edges[bin + 1] ?? 0]
        return {
          model,
          task: row.task,
          name: taskName(row.task),
          distances: sides[side],
          from,
          to,
          density,
          says: `${taskName(row.task)}, ${sides[side]}: ${shown(from)} to ${shown(to)}, density ${shown(density)}`,
        }
      }),
    )
  })
  const names = rows.map(({ task }) => taskName(task))
  return {
    id: `figure-9-${model}`,
    title: 'Figure 9: cosine distances of task vectors',
    subtitle: model,
    caption:
      'Densities of the cosine distances between two θ of the same task and of different tasks; a vector’s distance to itself is excluded. Each panel has its own scale.',
    spec: {
      config,
      data: { values: values.filter(({ density }) => density > 0) },
      facet: {
        field: 'name',
        type: 'nominal',
        title: null,
        sort: names,
        header: { labelAnchor: 'start', labelPadding: 2 },
      },
      columns: Math.min(2, names.length),
      bounds: 'flush',
      spacing: { row: 30, column: 54 },
      spec: {
        width: 150,
        height: 52,
        mark: { type: 'bar', opacity: 0.7, binSpacing: 0 },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            bin: { binned: true },
            axis: { title: 'cosine distance', grid: false, tickCount: 4 },
          },
          x2: { field: 'to' },
          y: {
            field: 'density',
            type: 'quantitative',
            stack: null,
            scale: { nice: false },
            axis: { title: 'density', tickCount: 2, grid: false, titleFontSize: 10, titleX: -30 },
          },
          color: {
            field: 'distances',
            type: 'nominal',
            title: null,
            scale: { domain: Object.values(sides), range: Object.values(colours) },
            legend: { orient: 'bottom' },
          },
          description: { field: 'says' },
        },
      },
      resolve: { scale: { y: 'independent' } },
    },
    rows: values.map(({ says: _says, name: _name, ...row }) => row),
  }
}
