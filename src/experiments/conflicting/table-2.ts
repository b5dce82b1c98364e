import { taskName } from '../../figures/paper-rules.js'
import { share, shareInterval, type Table } from '../../figures/table.js'
import type { conflictingView } from './tables.js'

/** A row of Table 2; the layer is null if it was not published. */
export type ConflictingRow = Omit<typeof conflictingView.$inferSelect, 'sweep' | 'layer'> & {
  readonly layer: number | null
}

/** Table 2: demonstrations of task A, θ of task B. */
export function table2(rows: readonly ConflictingRow[]): Table {
  return {
    id: 'table-2',
    title: 'Table 2: θ against the demonstrations',
    caption:
      'Regular: demonstrations of task A. Conflicting: the same, with θ of task B patched in at B’s best L. Each scored against both tasks’ answers; in brackets Wilson’s interval, 95 %. The paper shows regular on A and conflicting on B.',
    columns: {
      model: 'Model',
      taskA: 'Task A (S)',
      taskB: 'Task B (θ)',
      regularA: 'Regular, A',
      regularB: 'Regular, B',
      conflictingA: 'Conflicting, A',
      conflictingB: 'Conflicting, B',
      layer: 'L',
      items: 'Items',
    },
    align: 'lllrrrrrr',
    rows: rows.map(({ model, taskA, taskB, layer, items, ...correct }) => {
      const of = (count: number) => `${share(count / items)} ${shareInterval(count / items, items)}`
      return {
        model,
        taskA: taskName(taskA),
        taskB: taskName(taskB),
        regularA: of(correct.regularA),
        regularB: of(correct.regularB),
        conflictingA: of(correct.conflictingA),
        conflictingB: of(correct.conflictingB),
        layer,
        items,
      }
    }),
  }
}
