import type Database from 'better-sqlite3'
import { groupBy, taskName } from '../../figures/paper-rules.js'
import { table, type Section } from '../../figures/section.js'
import type { Row, Table } from '../../figures/table.js'
import { itemAnswers, type ItemAnswer } from '../../store/item-answers.js'
import type { SweepSummary } from '../../store/sweeps.js'
import { taskLabels, withLabels } from '../task-labels.js'

/** Number of right items, and of wrong ones, shown per task. */
const shownOfEach = 2

/** Examples: for each task, some items that θ gets right and some that it gets wrong; the file has all. */
export function items(db: Database.Database, sweep: SweepSummary): Section[] {
  const labels = taskLabels(sweep)
  const answers = itemAnswers(db, sweep.id).map((row) => withLabels(labels, row))
  if (answers.length === 0) return []
  const models = groupBy(answers, ({ model }) => model)
  return [
    {
      id: 'items',
      title: 'Items',
      blocks: models.map(([model, of]) => table(ofModel(model, of, sweep.id))),
    },
  ]
}

function ofModel(model: string, answers: readonly ItemAnswer[], sweep: string): Table {
  const sample = groupBy(answers, ({ task }) => task).flatMap(([, of]) =>
    [true, false].flatMap((right) => of.filter(({ correct }) => correct === right).slice(0, shownOfEach)),
  )
  return {
    id: `items-${model}`,
    title: `Items of ${model}`,
    caption: `Test items: for each task, the first ${shownOfEach} that θ gets right at the best L, and the first ${shownOfEach} that it gets wrong. Rank: of the answer’s first token under θ. The CSV has all ${answers.length}; taskvec serve shows them at every layer (sweep ${sweep}).`,
    columns: {
      ...{ task: 'Task', query: 'Query', answer: 'Answer', theta: 'By θ', right: '', rank: 'Rank' },
      ...{ regular: 'Regular', regularRight: '' },
    },
    align: 'lllllrll',
    rows: answers.map(rowOf),
    shown: sample.map(rowOf),
  }
}

function rowOf({ task, query, answer, prediction, correct, rank, regular, regularCorrect }: ItemAnswer): Row {
  const verdict = (right: boolean) => (right ? 'right' : 'wrong')
  return {
    ...{ task: taskName(task), query, answer, theta: prediction, right: verdict(correct), rank },
    ...{ regular, regularRight: verdict(regularCorrect) },
  }
}
