import type Database from 'better-sqlite3'
import type { RunKind, Split } from '../domain/types.js'

/** Read-only queries for `taskvec serve`. */

export interface RecentWork {
  readonly computedBy: string
  readonly model: string
  readonly task: string
  readonly work: string
  readonly finishedAt: string
  readonly engineSeconds: number
}

/** The latest work of each process that computed for the sweep since `since` (ISO 8601), latest first. */
export function recentWork(db: Database.Database, sweepId: string, since: string): RecentWork[] {
  return db
    .prepare(
      `select computed_by as computedBy, model_id as model, task_id as task, work, engine_seconds as engineSeconds,
              max(finished_at) as finishedAt
       from timings where sweep_id = ? and finished_at >= ? group by computed_by order by finishedAt desc, computedBy`,
    )
    .all(sweepId, since) as RecentWork[]
}

/** The category of each prepared task. */
export function taskCategories(db: Database.Database, sweepId: string): Record<string, string> {
  const rows = db
    .prepare('select distinct task_id, category from prepared_tasks where sweep_id = ?')
    .raw()
    .all(sweepId) as [string, string][]
  return Object.fromEntries(rows)
}

export interface ItemRow {
  readonly item: number
  readonly query: string
  readonly answer: string
  readonly demonstrations: string
  readonly dummyQueries: string
  readonly kind: RunKind
  readonly layer: number | null
  readonly prediction: string
  readonly correct: number
  /** Natural log-probability of the answer's first token. */
  readonly answerLogProb: number
  readonly answerRank: number
}

/** Items to show, judged by the hypothesis run (on dev items at the best L), else by the split's own run. */
export const itemFilters = ['all', 'wrong', 'right', 'theta-only', 'regular-only'] as const
export const itemOrders = ['item', 'rank', 'best', 'query'] as const

export interface ItemSelection {
  readonly sweepId: string
  readonly model: string
  readonly task: string
  readonly split: Split
  /** `theta-only`: θ is correct and the regular run wrong; `regular-only`: the reverse. Both need the test split. */
  readonly show: (typeof itemFilters)[number]
  /** Part of the query, the answer or a prediction; '': any. */
  readonly text: string
  /** Range of the answer's rank. */
  readonly rankFrom: number
  readonly rankTo: number
  /** `rank`: worst answers first; `best`: best answers first; `query`: alphabetically. */
  readonly order: (typeof itemOrders)[number]
  readonly offset: number
  readonly limit: number
}

const shown: Readonly<Record<ItemSelection['show'], string>> = {
  all: '1',
  wrong: 'judged = 0',
  right: 'judged = 1',
  'theta-only': 'judged = 1 and regular = 0',
  'regular-only': 'judged = 0 and regular = 1',
}

const orders: Readonly<Record<ItemSelection['order'], string>> = {
  item: '',
  rank: 'rank desc,',
  best: 'rank,',
  query: 'query collate nocase,',
}

/** Predictions of the selected items of one (model, task, split), ordered by item, kind and layer, and the number of items. */
export function itemRows(db: Database.Database, selection: ItemSelection): { rows: ItemRow[]; all: number } {
  const { show, order } = selection
  const runs = `select r.id, r.kind, r.layer, r.items_hash from all_runs v join runs r on r.key = v.run_key
    where v.sweep = @sweepId and v.model = @model and v.task = @task and r.split = @split`
  // One line per item: judged by its hypothesis at the best L, else by the split's own run.
  const judged = `select p.item, r.items_hash,
      coalesce(max(case when r.kind = 'hypothesis' and r.layer is best.layer then p.correct end),
               max(case when r.kind = 'baseline' then p.correct end), max(p.correct)) as judged,
      max(case when r.kind = 'regular' then p.correct end) as regular,
      coalesce(max(case when r.kind = 'hypothesis' and r.layer is best.layer then p.answer_rank end), min(p.answer_rank)) as rank,
      max(instr(lower(p.text), lower(@text))) as said
    from (${runs}) r join predictions p on p.run_id = r.id
    left join (select best_layer as layer from prepared_tasks
               where sweep_id = @sweepId and model_id = @model and task_id = @task) best
    group by p.item`
  const passing = `from (${judged}) j join items i on i.items_hash = j.items_hash and i.item = j.item
    where ${shown[show]} and rank between @rankFrom and @rankTo
      and (@text = '' or said > 0 or instr(lower(i.query), lower(@text)) > 0 or instr(lower(i.answer), lower(@text)) > 0)`
  const all = db.prepare(`select count(*) ${passing}`).pluck().get(selection) as number
  const rows = db
    .prepare(
      `select p.item, i.query, i.answer, i.demonstrations, i.dummy_queries as dummyQueries, r.kind, r.layer, p.text as prediction,
              p.correct, p.answer_log_prob as answerLogProb, p.answer_rank as answerRank
       from (select j.item, j.rank, i.query ${passing} order by ${orders[order]} j.item limit @limit offset @offset) page
       join (${runs}) r
       join predictions p on p.run_id = r.id and p.item = page.item
       join items i on i.items_hash = r.items_hash and i.item = p.item
       order by ${orders[order].replace(/^\w/, 'page.$&')} p.item, r.kind, r.layer`,
    )
    .all(selection) as ItemRow[]
  return { rows, all }
}
