import type { MainRow } from '../../store/results.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import { displayedTokens, groupBy, taskName } from '../../figures/paper-rules.js'
import { share, type Table } from '../../figures/table.js'

/** A row of Table 6; the best L is null where it was not published. */
export type ResultRow = Omit<MainRow, 'bestLayer'> & { readonly bestLayer: number | null }

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
      hypothesisInterval: interval(row.hypothesis, row.testItems),
      regular: share(row.regular),
      regularInterval: interval(row.regular, row.testItems),
      bestLayer: row.bestLayer,
    })),
  }
}

export interface ConflictingRow {
  readonly model: string
  readonly taskA: string
  readonly taskB: string
  /** Null where it was not published. */
  readonly layer: number | null
  readonly items: number
  readonly regularA: number
  readonly regularB: number
  readonly conflictingA: number
  readonly conflictingB: number
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
      const of = (count: number) => `${share(count / items)} ${interval(count / items, items)}`
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

export interface ProjectedToken {
  readonly model: string
  readonly task: string
  readonly layer: number
  /** In order of rank. */
  readonly text: string
}

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
      'The mean θ through the final norm and the unembedding, at the best L + 2: of the 100 top tokens the first 20, stripped, letters only, what differs in case only once.',
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

function interval(value: number, items: number): string {
  const { low, high } = wilsonInterval(Math.round(value * items), items)
  return `[${share(low)}, ${share(high)}]`
}
