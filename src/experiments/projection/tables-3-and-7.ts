import { displayedTokens, groupBy, taskName } from '../../figures/paper-rules.js'
import type { Table } from '../../figures/table.js'
import type { projectionsView } from './tables.js'

/** In order of rank. */
export type ProjectedToken = Pick<typeof projectionsView.$inferSelect, 'model' | 'task' | 'layer' | 'text'>

const table3Tasks = [
  'algorithmic_prev_letter',
  'translation_fr_en',
  'linguistic_present_simple_gerund',
  'knowledge_country_capital',
]

/** Tables 3 (four of the tasks) and 7 (all): the top tokens of θ projected to the vocabulary, one layer per task. */
export function tables3And7(tokens: readonly ProjectedToken[]): Table[] {
  const rows = groupBy(tokens, ({ model, task, layer }) => `${model}\n${task}\n${layer}`).map(
    ([, ofCell]) => {
      const { model, task, layer } = ofCell[0] as ProjectedToken
      return {
        model,
        id: task,
        task: taskName(task),
        layer,
        tokens: displayedTokens(ofCell.map(({ text }) => text)).join(', '),
      }
    },
  )
  const table = (id: string, title: string, chosen: typeof rows): Table => ({
    id,
    title,
    caption:
      'The mean θ through the final norm and the unembedding, at the best L + 2: the first 20 of the top 100 tokens, stripped, letters only, without repetitions that differ only in case.',
    columns: { model: 'Model', task: 'Task', layer: 'L', tokens: 'Top tokens in the task vector projection' },
    align: 'llrp{9cm}',
    rows: chosen.map(({ id: _id, ...row }) => row),
  })
  const four = rows.filter(({ id }) => table3Tasks.includes(id))
  return [
    ...(four.length > 0 ? [table('table-3', 'Table 3: what θ says', four)] : []),
    ...(rows.length > 0 ? [table('table-7', 'Table 7: what θ says, all tasks', rows)] : []),
  ]
}
