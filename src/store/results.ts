import type Database from 'better-sqlite3'
import type { ResultFilter, ViewRow } from '../experiments/sweep-rows.js'
import { keptStatement } from './kept-statements.js'
import { layers, results } from './schema/views.js'
import { filterParameters, viewRows } from './view-rows.js'

/** Rows of the main experiment, in the config's order. Read-only. */

const mainColumns = [
  ...(['model', 'task', 'category', 'baseline', 'hypothesis', 'regular', 'bestLayer'] as const),
  ...(['baselineItems', 'testItems', 'devItems'] as const),
]

export type MainRow = Pick<ViewRow<typeof results>, (typeof mainColumns)[number]>

export function mainResults(
  db: Database.Database,
  sweepId: string,
  { model, task, category }: ResultFilter = {},
): MainRow[] {
  return viewRows(db, results, sweepId, { columns: mainColumns, order: ['task'] }, { model, task, category })
}

export type LayerRow = ReturnType<typeof layerResults>[number]

export function layerResults(
  db: Database.Database,
  sweepId: string,
  { model, task, layer }: ResultFilter = {},
) {
  return viewRows(
    db,
    layers,
    sweepId,
    {
      columns: ['model', 'task', 'category', 'layer', 'accuracy', 'correct', 'items'],
      order: ['task', 'layer'],
    },
    { model, task, layer },
  )
}

/** Share of items whose answer's first token is the greedy choice, by model, task and kind of run. */
export function firstTokens(db: Database.Database, sweepId: string): Map<string, number> {
  const rows = db
    .prepare(
      `select s.model_id || char(10) || s.task_id || char(10) || s.kind, avg(p.answer_rank = 1)
       from sweep_runs s join runs r on r.key = s.run_key join predictions p on p.run_id = r.id
       where s.sweep_id = ? group by s.model_id, s.task_id, s.kind`,
    )
    .raw()
    .all(sweepId) as [string, number][]
  return new Map(rows)
}

export interface PrefixHits {
  readonly kind: 'hypothesis' | 'regular'
  readonly items: number
  readonly correct: number
  /** Correct predictions of one character, which `prefix` accepts. */
  readonly oneCharacter: number
  /** Items whose answer's first token is the greedy choice. */
  readonly firstToken: number
}

/** Answers that the authors' prefix rule accepts in a sweep's test runs; no rows if no task uses it. */
export function prefixHits(db: Database.Database, sweepId: string): PrefixHits[] {
  return db
    .prepare(
      `select s.kind, count(*) as items, sum(p.correct) as correct,
              sum(p.correct and length(trim(p.text)) = 1) as oneCharacter, sum(p.answer_rank = 1) as firstToken
       from sweep_runs s
       join prepared_tasks t on t.sweep_id = s.sweep_id and t.model_id = s.model_id and t.task_id = s.task_id and t.scoring = 'prefix'
       join runs r on r.key = s.run_key join predictions p on p.run_id = r.id
       where s.sweep_id = ? and s.kind in ('hypothesis', 'regular') group by s.kind order by s.kind`,
    )
    .all(sweepId) as PrefixHits[]
}

const inConfigOrder = `join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
  join sweep_tasks t on t.sweep_id = v.sweep and t.task_id = v.task`

/** Columns of `predictionValues`, in order, and their types. */
export const predictionColumns = {
  model: 'text',
  task: 'text',
  split: 'text',
  kind: 'text',
  layer: 'whole',
  item: 'whole',
  query: 'text',
  answer: 'text',
  prediction: 'text',
  correct: 'truth',
  answerLogProb: 'real',
  answerRank: 'whole',
  answerLogitDifference: 'real',
} as const

/** Further columns of a sweep whose answers have several tokens or scores. */
const furtherColumns = { score: 'real', tokens: 'text', wholeLogProb: 'real', wholeRank: 'whole' } as const

/** The columns of a sweep's `predictionValues`. */
export function predictionColumnsOf(db: Database.Database, sweepId: string) {
  return hasFurther(db, sweepId) ? { ...predictionColumns, ...furtherColumns } : predictionColumns
}

function hasFurther(db: Database.Database, sweepId: string): boolean {
  const found = db.prepare(
    `select 1 from prepared_tasks where sweep_id = ? and (scoring like '{%' or scoring like 'f1%' or scoring like 'chrf%') limit 1`,
  )
  return found.get(sweepId) !== undefined
}

/** Predictions as rows of columns. One query per run, and items read once per split instead of joined: a million rows per second. */
export function* predictionValues(
  db: Database.Database,
  sweepId: string,
  filter: ResultFilter = {},
): Generator<(string | number | boolean | null)[]> {
  const runs = keptStatement(
    db,
    `select v.model, v.task, r.split, r.kind, r.layer, r.id, r.items_hash
       from all_runs v ${inConfigOrder} join runs r on r.key = v.run_key
       where v.sweep = @sweepId ${given(filter, 'model', 'task', 'kind')}
         and (@category is null or exists (select 1 from prepared_tasks p where p.sweep_id = v.sweep and p.model_id = v.model and p.task_id = v.task and p.category = @category))
         and (@layer is null or r.layer = @layer)
       order by m.position, t.position, case r.split when 'baseline' then 0 when 'dev' then 1 else 2 end, r.kind desc, r.layer`,
  )
    .raw()
    .all(filterParameters(sweepId, filter)) as [
    string,
    string,
    string,
    string,
    number | null,
    number,
    string,
  ][]
  const itemsOf = keptStatement(
    db,
    'select query, answer from items where items_hash = ? order by item',
  ).raw()
  const predictionsOf = keptStatement(
    db,
    `select item, text, correct, answer_log_prob, answer_rank, answer_logit_difference${hasFurther(db, sweepId) ? ', score, tokens, whole_log_prob, whole_rank' : ''}
       from predictions where run_id = ? order by item`,
  ).raw()
  let hash = ''
  let items: [query: string, answer: string][] = []
  for (const [model, task, split, kind, layer, id, itemsHash] of runs) {
    if (itemsHash !== hash) items = itemsOf.all((hash = itemsHash)) as typeof items
    const predictions = predictionsOf.all(id) as [
      ...[number, string, number, number, number, number | null],
      ...(number | string | null)[],
    ][]
    for (const [item, text, correct, logProb, rank, difference, ...further] of predictions) {
      const [query, answer] = items[item] as [string, string]
      yield [
        model,
        task,
        split,
        kind,
        layer,
        item,
        query,
        answer,
        text,
        correct === 1,
        logProb,
        rank,
        difference,
        ...further,
      ]
    }
  }
}

/** Conditions for the filters given only, so that an index applies. */
function given(filter: ResultFilter, ...columns: readonly (keyof ResultFilter)[]): string {
  return columns.flatMap((name) => (filter[name] === undefined ? [] : `and v.${name} = @${name}`)).join(' ')
}
