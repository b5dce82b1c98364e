import { taskName } from '../../figures/paper-rules.js'
import { share, shareInterval, type Table } from '../../figures/table.js'
import type { results } from '../../store/schema/views.js'

/** A row of Table 6; the best L is null if it was not published. */
export type ResultRow = Omit<typeof results.$inferSelect, 'sweep' | 'bestLayer'> & {
  readonly bestLayer: number | null
}

/** Table 6: every model and task. */
export function table6(rows: readonly ResultRow[]): Table {
  return {
    id: 'table-6',
    title: 'Table 6: all results',
    caption:
      'Accuracy on the test items (baseline: on its own items). In brackets: Wilson’s interval, 95 %. L: the lowest layer with the highest dev accuracy.',
    columns: {
      model: 'Model',
      category: 'Task type',
      task: 'Task name',
      baseline: 'Baseline',
      hypothesis: 'Hypothesis',
      hypothesisInterval: '',
      regular: 'Regular',
      regularInterval: '',
      bestLayer: 'L',
    },
    align: 'lllrrlrlr',
    rows: rows.map((row) => ({
      model: row.model,
      category: row.category,
      task: taskName(row.task),
      baseline: share(row.baseline),
      hypothesis: share(row.hypothesis),
      hypothesisInterval: shareInterval(row.hypothesis, row.testItems),
      regular: share(row.regular),
      regularInterval: shareInterval(row.regular, row.testItems),
      bestLayer: row.bestLayer,
    })),
  }
}
