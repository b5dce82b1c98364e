import type { Comparison } from '../compare.js'
import { taskName } from '../definitions.js'
import { share, type Table } from './table.js'

/** Every accuracy beside `other`'s, with its verdict. */
export function comparisonTable(rows: readonly Comparison[], other: string): Table {
  return {
    id: 'comparison',
    title: `Beside ${other}`,
    caption:
      'Difference: here minus there, in brackets Newcombe’s interval, 95 %. p: Fisher’s exact test, adjusted by Holm for the number of comparisons. Consistent: p ≥ 0.05 and the interval rules out a difference of 0.20.',
    columns: {
      model: 'Model',
      task: 'Task',
      kind: 'Run',
      ours: 'Here',
      ourItems: 'Items',
      theirs: 'There',
      theirItems: 'Items',
      difference: 'Difference',
      p: 'p',
      verdict: 'Verdict',
    },
    align: 'lllrrrrrrl',
    rows: rows.map((row) => ({
      model: row.model,
      task: taskName(row.task),
      kind: row.kind,
      ours: share(row.ours),
      ourItems: row.ourItems,
      theirs: share(row.theirs),
      theirItems: row.theirItems,
      difference: `${share(row.difference)} [${share(row.low)}, ${share(row.high)}]`,
      p: row.p < 0.001 ? '< 0.001' : row.p.toFixed(3),
      verdict: row.verdict,
    })),
  }
}
