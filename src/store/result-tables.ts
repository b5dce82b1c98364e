import type Database from 'better-sqlite3'
import type { ResultFilter } from './results.js'

/**
 * The tables that `taskvec results` prints, each a view with its columns in order. A new experiment's table is one entry
 * here. Rows come in the config's order and one at a time: some tables have millions.
 */

export type ColumnType = 'text' | 'whole' | 'real' | 'truth'
export const filterNames = ['model', 'task', 'category', 'kind', 'layer'] as const
export type FilterName = (typeof filterNames)[number]

interface ResultTable {
  readonly view: string
  /** Key of the printed row: column of the view and its type. */
  readonly columns: Readonly<Record<string, readonly [column: string, type: ColumnType]>>
  readonly filters: readonly FilterName[]
  readonly order: string
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
      bestLayer: ['best_layer', 'whole'],
      baselineItems: ['baseline_items', 'whole'],
      testItems: ['test_items', 'whole'],
      devItems: ['dev_items', 'whole'],
    },
    filters: ['model', 'task', 'category'],
    order: 't.position',
  },
  layers: {
    view: 'layers',
    columns: { ...place, accuracy: ['accuracy', 'real'], items: ['items', 'whole'] },
    filters: ['model', 'task', 'category', 'layer'],
    order: 't.position, v.layer',
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
  },
} satisfies Record<string, ResultTable>

export type ViewName = keyof typeof resultTables

/** `limit` rows at most; `kind` is the analysis where the table is `beyond`. */
export function tableRows(
  db: Database.Database,
  name: ViewName,
  sweepId: string,
  { model, task, category, kind, layer }: ResultFilter = {},
  limit = -1,
): IterableIterator<Record<string, string | number | null>> {
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
  return db
    .prepare(
      `select ${selected.join(', ')} from ${view} v
       join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
       left join sweep_tasks t on t.sweep_id = v.sweep and t.task_id = ${pair ? 'v.task_a' : 'v.task'}
       where ${conditions.join(' and ')} order by m.position, ${order} limit @limit`,
    )
    .iterate({ sweepId, model, task, category, kind, layer, limit }) as IterableIterator<
    Record<string, string | number | null>
  >
}
