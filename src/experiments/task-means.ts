import { groupBy } from '../figures/paper-rules.js'
import { bootstrapMeans, type Interval } from '../statistics/bootstrap.js'

export interface TaskMean<Row> extends Interval {
  /** A row of means. */
  readonly row: Row
  readonly mean: number
  readonly tasks: number
}

/** Mean over a model's tasks of rows with the same `cell`, all tasks weighted equally; bootstrap over tasks, 95 %. */
export function meansOverTasks<Row extends { readonly task: string }>(
  rows: readonly Row[],
  {
    cell,
    of,
    resamples,
  }: {
    readonly cell: (row: Row) => string
    readonly of: (row: Row) => number
    readonly resamples?: number
  },
): TaskMean<Row>[] {
  const cells = groupBy(rows, cell)
  // Tasks with other components lack this cell, so each set of tasks is resampled separately.
  return groupBy(cells, ([, of]) => of.map(({ task }) => task).join('\n')).flatMap(([, alike]) => {
    const tasks = alike[0]?.[1].length ?? 0
    const byTask = Array.from({ length: tasks }, (_, task) =>
      alike.map(([, inCell]) => of(inCell[task] as Row)),
    )
    return bootstrapMeans(byTask, { seed: 0, ...(resamples ? { resamples } : {}) }).map((mean, i) => ({
      ...mean,
      row: alike[i]?.[1][0] as Row,
      tasks,
    }))
  })
}
