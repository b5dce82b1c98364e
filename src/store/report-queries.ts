import type { NumericsJson } from '../domain/numerics.js'
import { bestLayerOfTask } from './best-layer-sql.js'
import type Database from 'better-sqlite3'
import type { Category, Scoring } from '../domain/types.js'

/**
 * The report's queries, on the views of docs/schema.md. SQLite aggregates, so that no predictions are held in memory. Rows are in the
 * config's order.
 */

/** The sweep as it was run. */
export interface SweepRecord {
  readonly codeVersion: string
  /** JSON, see `newSweep` in src/sweep. */
  readonly machine: string
  readonly seed: number
}

export function sweepRecord(db: Database.Database, sweep: string): SweepRecord {
  return db
    .prepare('select code_version as codeVersion, machine, seed from sweeps where id = ?')
    .get(sweep) as SweepRecord
}

export interface ModelRecord {
  readonly model: string
  readonly source: string
  /** This and the following are null if no task of the model was prepared. */
  readonly modelHash: string | null
  readonly architecture: string | null
  readonly blocks: number | null
  readonly dModel: number | null
  readonly vocab: number | null
  readonly parameters: number | null
  readonly weights: string | null
  /** JSON. */
  readonly numerics: NumericsJson | null
  readonly engineSeconds: number
}

export function modelRecords(db: Database.Database, sweep: string): ModelRecord[] {
  return db
    .prepare(
      `select m.model_id as model, m.source, c.content_hash as modelHash, c.architecture, c.blocks, c.d_model as dModel, c.vocab,
              c.parameters, c.weights, p.numerics,
              (select coalesce(sum(t.engine_seconds), 0) from timings t where t.sweep_id = m.sweep_id and t.model_id = m.model_id) as engineSeconds
       from sweep_models m
       left join (select model_id, min(model_hash) as hash, min(numerics) as numerics from prepared_tasks where sweep_id = @sweep group by model_id) p
         on p.model_id = m.model_id
       left join models c on c.content_hash = p.hash
       where m.sweep_id = @sweep order by m.position`,
    )
    .all({ sweep }) as ModelRecord[]
}

/** Storage types of each model's weights, for instance `Q4_1`; models that were never prepared are left out. F32 next to other types comes from norms. */
export function weightTypes(db: Database.Database, sweep: string): Map<string, string> {
  return new Map(
    modelRecords(db, sweep).flatMap(({ model, weights }) => {
      const types = weights?.split(' ').at(-1)?.split('+') ?? []
      const others = types.filter((type) => type !== 'F32')
      return types.length === 0 ? [] : [[model, (others.length > 0 ? others : types).join('+')]]
    }),
  )
}

export interface TaskRecord {
  readonly task: string
  readonly category: Category
  readonly scoring: Scoring
  /** The first test item of the first model. */
  readonly query: string
  readonly answer: string
  /** Pairs that survived the tokenizers, the fewest and the most over models; null where inputs are generated. */
  readonly fewestPairs: number | null
  readonly mostPairs: number | null
}

export function taskRecords(db: Database.Database, sweep: string): TaskRecord[] {
  const rows = db
    .prepare(
      `with prepared as (
         select p.task_id, p.category, p.scoring, p.test_items, m.position,
                (select count(*) from task_pairs x where x.pairs_hash = p.pairs_hash) as pairs, p.pairs_hash
         from prepared_tasks p join sweep_models m on m.sweep_id = p.sweep_id and m.model_id = p.model_id where p.sweep_id = ?)
       select p.task_id as task, p.category, p.scoring, i.query, i.answer, min(p.position) as first,
              min(iif(p.pairs_hash is null, null, p.pairs)) as fewestPairs, max(iif(p.pairs_hash is null, null, p.pairs)) as mostPairs
       from prepared p
       join sweep_tasks t on t.sweep_id = ? and t.task_id = p.task_id
       left join items i on i.items_hash = p.test_items and i.item = 0
       group by p.task_id order by t.position`,
    )
    .all(sweep, sweep) as (TaskRecord & { first: number })[]
  return rows.map(({ first: _first, ...row }) => row)
}

/** Tasks prepared for a model, in the config's order. */
export function preparedTasksOf(
  db: Database.Database,
  sweep: string,
): { model: string; task: string; category: Category; bestLayer: number | null }[] {
  return db
    .prepare(
      `select p.model_id as model, p.task_id as task, p.category, ${bestLayerOfTask} as bestLayer from prepared_tasks p
       join sweep_models m on m.sweep_id = p.sweep_id and m.model_id = p.model_id
       join sweep_tasks t on t.sweep_id = p.sweep_id and t.task_id = p.task_id
       where p.sweep_id = ? order by m.position, t.position`,
    )
    .all(sweep) as ReturnType<typeof preparedTasksOf>
}

/** Number of units of each further experiment by state; docs/schema.md, `experiments`. */
export function experimentStates(
  db: Database.Database,
  sweep: string,
): { experiment: string; complete: number; waiting: number; skipped: number }[] {
  return db
    .prepare(
      `select experiment, count(*) filter (where state = 'complete') as complete, count(*) filter (where state = 'waiting') as waiting,
              count(*) filter (where state = 'skipped') as skipped
       from experiments where sweep = ? group by experiment order by experiment`,
    )
    .all(sweep) as ReturnType<typeof experimentStates>
}

/** Tasks of a sweep with the user's own word lists. */
export function ownLists(db: Database.Database, sweepId: string): string[] {
  return db
    .prepare(
      "select task_id from sweep_tasks where sweep_id = ? and spec ->> '$.kind' = 'list' order by position",
    )
    .pluck()
    .all(sweepId) as string[]
}
