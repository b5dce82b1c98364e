import type Database from 'better-sqlite3'
import type { ResultFilter } from './results.js'

/**
 * The tables that `taskvec results` prints, each a view with its columns in order. A new experiment's table is one entry
 * here. Rows come in the config's order and one at a time: some tables have millions.
 */

export type ColumnType = 'text' | 'whole' | 'real' | 'truth'
export const filterNames = ['model', 'task', 'category', 'kind', 'layer'] as const
export type FilterName = (typeof filterNames)[number]

export interface ResultTable {
  readonly view: string
  /** Key of the printed row: column of the view (or what to add to it) and its type. */
  readonly columns: Readonly<Record<string, readonly [column: string, type: ColumnType]>>
  readonly filters: readonly FilterName[]
  readonly order: string
  /** What it is read by in parts (result-parts.ts) where it can have millions of rows; `order` begins with that. */
  readonly parts?: 'model' | 'task'
  /** Its accuracies, each with the column that counts its items; `counts`: how many are right stands there instead. */
  readonly accuracies?: Readonly<Record<string, string>>
  readonly counts?: true
  /** What may be averaged over several seeds; the rows are told apart by `keys`. */
  readonly averaged?: readonly string[]
  readonly keys?: readonly string[]
}

const place = { model: ['model', 'text'], task: ['task', 'text'], layer: ['layer', 'whole'] } as const
const answer = {
  answerLogProb: ['answer_log_prob', 'real'],
  answerRank: ['answer_rank', 'real'],
  answerLogitDifference: ['answer_logit_difference', 'real'],
} as const

export const resultTables = {
  main: {
    view: 'results',
    columns: {
      model: place.model,
      task: place.task,
      category: ['category', 'text'],
      baseline: ['baseline', 'real'],
      hypothesis: ['hypothesis', 'real'],
      regular: ['regular', 'real'],
      difference: ['hypothesis - v.regular', 'real'],
      bestLayer: ['best_layer', 'whole'],
      baselineItems: ['baseline_items', 'whole'],
      testItems: ['test_items', 'whole'],
      devItems: ['dev_items', 'whole'],
    },
    filters: ['model', 'task', 'category'],
    order: 't.position',
    parts: 'model',
    accuracies: { baseline: 'baselineItems', hypothesis: 'testItems', regular: 'testItems' },
    keys: ['model', 'task', 'category'],
    averaged: ['baseline', 'hypothesis', 'regular', 'difference', 'bestLayer'],
  },
  layers: {
    view: 'layers',
    columns: { ...place, accuracy: ['accuracy', 'real'], items: ['items', 'whole'] },
    filters: ['model', 'task', 'category', 'layer'],
    order: 't.position, v.layer',
    parts: 'model',
    accuracies: { accuracy: 'items' },
    keys: ['model', 'task', 'layer'],
    averaged: ['accuracy'],
  },
  robustness: {
    view: 'robustness',
    columns: {
      ...place,
      category: ['category', 'text'],
      thetas: ['thetas', 'whole'],
      withinMean: ['within_mean', 'real'],
      withinSd: ['within_sd', 'real'],
      betweenMean: ['between_mean', 'real'],
      betweenSd: ['between_sd', 'real'],
      purity: ['purity', 'real'],
      silhouette: ['silhouette', 'real'],
    },
    filters: ['model', 'task', 'category', 'layer'],
    order: 't.position',
    keys: ['model', 'task', 'category'],
    averaged: ['withinMean', 'betweenMean', 'purity', 'silhouette'],
  },
  conflicting: {
    view: 'conflicting',
    columns: {
      model: place.model,
      taskA: ['task_a', 'text'],
      taskB: ['task_b', 'text'],
      layer: place.layer,
      items: ['items', 'whole'],
      regularA: ['regular_a', 'whole'],
      regularB: ['regular_b', 'whole'],
      conflictingA: ['conflicting_a', 'whole'],
      conflictingB: ['conflicting_b', 'whole'],
    },
    filters: ['model', 'task', 'layer'],
    order: 't.position, v.task_b',
    accuracies: { regularA: 'items', regularB: 'items', conflictingA: 'items', conflictingB: 'items' },
    counts: true,
    keys: ['model', 'taskA', 'taskB'],
    averaged: ['regularA', 'regularB', 'conflictingA', 'conflictingB'],
  },
  projection: {
    view: 'projections',
    columns: {
      ...place,
      rank: ['rank', 'whole'],
      token: ['token', 'whole'],
      text: ['text', 'text'],
      logProb: ['log_prob', 'real'],
    },
    filters: ['model', 'task', 'category', 'layer'],
    order: 't.position, v.layer, v.rank',
    parts: 'task',
  },
  answers: {
    view: 'projection_answers',
    columns: {
      ...place,
      items: ['items', 'whole'],
      meanRank: ['mean_rank', 'real'],
      meanLogProb: ['mean_log_prob', 'real'],
      top1: ['top1', 'whole'],
      top20: ['top20', 'whole'],
      top100: ['top100', 'whole'],
    },
    filters: ['model', 'task', 'category', 'layer'],
    order: 't.position, v.layer',
    parts: 'model',
    keys: ['model', 'task', 'layer'],
    averaged: ['meanRank', 'meanLogProb'],
  },
  beyond: {
    view: 'beyond',
    columns: {
      model: place.model,
      task: place.task,
      analysis: ['analysis', 'text'],
      setting: ['setting', 'text'],
      layer: place.layer,
      sourceLayer: ['source_layer', 'whole'],
      items: ['items', 'whole'],
      correct: ['correct', 'whole'],
      accuracy: ['accuracy', 'real'],
      ...answer,
    },
    filters: ['model', 'task', 'category', 'kind', 'layer'],
    order: 'v.analysis, t.position, length(v.setting), v.setting, v.layer, v.source_layer',
    parts: 'model',
    accuracies: { accuracy: 'items' },
    keys: ['model', 'task', 'analysis', 'setting', 'layer', 'sourceLayer'],
    averaged: ['accuracy', 'answerLogProb', 'answerRank', 'answerLogitDifference'],
  },
} satisfies Record<string, ResultTable>

export type ViewName = keyof typeof resultTables

export type SqlValue = string | number | null

/** Rows by position, in the order of the table's columns; `kind` is the analysis where the table is `beyond`. Read when iterated. */
export function tableValues(
  db: Database.Database,
  name: ViewName,
  sweepId: string,
  filter: ResultFilter = {},
): Iterable<SqlValue[]> {
  const { sql, values } = query(name, sweepId, filter)
  const read = () => db.prepare(sql).raw().iterate(values) as IterableIterator<SqlValue[]>
  return { [Symbol.iterator]: read }
}

/** The same rows by name, `limit` at most. */
export function tableRows(
  db: Database.Database,
  name: ViewName,
  sweepId: string,
  filter: ResultFilter = {},
  limit = -1,
): IterableIterator<Record<string, SqlValue>> {
  const { sql, values } = query(name, sweepId, filter)
  return db.prepare(`${sql} limit @limit`).iterate({ ...values, limit }) as IterableIterator<
    Record<string, SqlValue>
  >
}

function query(name: ViewName, sweepId: string, filter: ResultFilter) {
  const { model, task, category, kind, layer } = filter
  const { view, columns, order }: ResultTable = resultTables[name]
  const pair = name === 'conflicting'
  const tasks = pair ? 'v.task_a = @task or v.task_b = @task' : 'v.task = @task'
  const conditions = [
    'v.sweep = @sweepId',
    model !== undefined && 'v.model = @model',
    task !== undefined && `(${tasks})`,
    category !== undefined &&
      'exists (select 1 from prepared_tasks p where p.sweep_id = v.sweep and p.model_id = v.model and p.task_id = v.task and p.category = @category)',
    layer !== undefined && 'v.layer = @layer',
    kind !== undefined && 'v.analysis = @kind',
  ].filter((condition) => condition !== false)
  const selected = Object.entries(columns).map(([key, [column]]) => `v.${column} as "${key}"`)
  const sql = `select ${selected.join(', ')} from ${view} v
       join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
       left join sweep_tasks t on t.sweep_id = v.sweep and t.task_id = ${pair ? 'v.task_a' : 'v.task'}
       where ${conditions.join(' and ')} order by m.position, ${order}`
  return { sql, values: { sweepId, model, task, category, kind, layer } }
}

/** Tables 3 and 7: the projection's tokens at the best L + 2 (docs/protocol.md, Vocabulary projection), at the last layer where there are no two more. */
export function projectedTokens(
  db: Database.Database,
  sweepId: string,
  { model = null, task = null, category = null, layer = null }: Partial<Record<FilterName, unknown>> = {},
): { model: string; task: string; layer: number; text: string }[] {
  return db
    .prepare(
      `select v.model, v.task, v.layer, v.text from prepared_tasks p
       join models c on c.content_hash = p.model_hash
       join projections v on v.sweep = p.sweep_id and v.model = p.model_id and v.task = p.task_id
         and v.layer = coalesce(@layer, min(p.best_layer + 2, c.blocks - 1))
       join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
       join sweep_tasks t on t.sweep_id = v.sweep and t.task_id = v.task
       where p.sweep_id = @sweepId and (@model is null or v.model = @model) and (@task is null or v.task = @task)
         and (@category is null or p.category = @category)
       order by m.position, t.position, v.rank`,
    )
    .all({ sweepId, model, task, category, layer }) as ReturnType<typeof projectedTokens>
}
