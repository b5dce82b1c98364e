import type Database from 'better-sqlite3'
import type { RunKind, Split } from '../domain/types.js'

/** What is watched while a sweep runs: queries for `taskvec serve`, read-only. */

export interface RecentWork {
  readonly computedBy: string
  readonly model: string
  readonly task: string
  readonly work: string
  readonly finishedAt: string
  readonly engineSeconds: number
}

/** The last piece of work of each process that computed for the sweep since `since` (ISO 8601), the latest first. */
export function recentWork(db: Database.Database, sweepId: string, since: string): RecentWork[] {
  return db
    .prepare(
      `select computed_by as computedBy, model_id as model, task_id as task, work, engine_seconds as engineSeconds,
              max(finished_at) as finishedAt
       from timings where sweep_id = ? and finished_at >= ? group by computed_by order by finishedAt desc, computedBy`,
    )
    .all(sweepId, since) as RecentWork[]
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
  /** Natural logarithm, of the answer's first token. */
  readonly answerLogProb: number
  readonly answerRank: number
}

/** The predictions for `limit` items of one (model, task, split) from `offset` on, by item, kind and layer. */
export function itemRows(
  db: Database.Database,
  place: { sweepId: string; model: string; task: string; split: Split; offset: number; limit: number },
): { rows: ItemRow[]; all: number } {
  const runs = `from all_runs v join runs r on r.key = v.run_key
    where v.sweep = @sweepId and v.model = @model and v.task = @task and r.split = @split`
  const all = db.prepare(`select coalesce(max(r.items), 0) ${runs}`).pluck().get(place) as number
  const rows = db
    .prepare(
      `select p.item, i.query, i.answer, i.demonstrations, i.dummy_queries as dummyQueries, r.kind, r.layer, p.text as prediction,
              p.correct, p.answer_log_prob as answerLogProb, p.answer_rank as answerRank
       from (select r.id, r.kind, r.layer, r.items_hash ${runs}) r
       join predictions p on p.run_id = r.id and p.item >= @offset and p.item < @offset + @limit
       join items i on i.items_hash = r.items_hash and i.item = p.item
       order by p.item, r.kind, r.layer`,
    )
    .all(place) as ItemRow[]
  return { rows, all }
}
