import type { Table } from '../../figures/table.js'
import type { functionVectorHeadsView } from './tables.js'

type TopHead = Omit<typeof functionVectorHeadsView.$inferSelect, 'sweep' | 'task'>

/** The heads whose outputs make up the function vectors. */
export function topHeadsTable(heads: readonly TopHead[]): Table {
  return {
    id: 'function-vector-heads',
    title: 'Heads of the function vectors',
    caption:
      'The heads with the largest indirect effect, mean over tasks: a function vector is the sum of their mean outputs.',
    columns: { model: 'Model', rank: 'Rank', layer: 'Layer', head: 'Head', effect: 'Effect' },
    align: 'lrrrr',
    rows: heads.map(({ effect, ...head }) => ({ ...head, effect: effect.toFixed(4) })),
  }
}
