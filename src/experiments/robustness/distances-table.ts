import { taskName } from '../../figures/paper-rules.js'
import { share, type Table } from '../../figures/table.js'
import type { robustnessView } from './tables.js'

export type Distances = Omit<typeof robustnessView.$inferSelect, 'sweep' | 'category'>

/** Robustness as a table: how close a task's θ are to each other and to those of other tasks. */
export function distancesTable(rows: readonly Distances[]): Table {
  return {
    id: 'robustness',
    title: 'Distances, purity and silhouette of θ',
    caption:
      'Cosine distances, mean ± standard deviation. Purity: share of the θ whose nearest neighbour belongs to the same task. L: the middle layer with the highest dev accuracy.',
    columns: {
      model: 'Model',
      task: 'Task',
      layer: 'L',
      thetas: 'θ',
      within: 'Within the task',
      between: 'To other tasks',
      purity: 'Purity',
      silhouette: 'Silhouette',
    },
    align: 'llrrrrrr',
    rows: rows.map((row) => ({
      model: row.model,
      task: taskName(row.task),
      layer: row.layer,
      thetas: row.thetas,
      within: `${share(row.withinMean)} ± ${share(row.withinSd)}`,
      between: `${share(row.betweenMean)} ± ${share(row.betweenSd)}`,
      purity: share(row.purity),
      silhouette: share(row.silhouette),
    })),
  }
}
