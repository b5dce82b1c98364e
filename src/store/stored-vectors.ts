import type { NumericsJson } from '../domain/numerics.js'
import { bestLayerOfTask } from './best-layer-sql.js'
import type Database from 'better-sqlite3'
import type { ResultFilter } from '../experiments/sweep-rows.js'
import type { Item, Protocol } from '../domain/types.js'
import { itemOf, type StoredItem } from './content.js'

/** Which θ a sweep has stored. Read-only. */

/** A task of a sweep whose main experiment is done. */
export interface TaskWithThetas {
  readonly sweep: string
  readonly model: string
  /** Where the sweep found the model. */
  readonly source: string
  readonly modelHash: string
  /** Canonical JSON. */
  readonly numerics: NumericsJson
  readonly task: string
  readonly protocol: Protocol
  readonly blocks: number
  readonly dModel: number
  /** Format and storage types, for instance `gguf Q4_1`. */
  readonly weights: string
  /** Null if no dev item was correct at any L. */
  readonly bestLayer: number | null
  /** L of the test runs: the best L, or 0 if there is none. */
  readonly testedLayer: number
  /** Name of the vectors that the config gives instead of θ, if any. */
  readonly given: string | null
  /** Of the test items. */
  readonly itemsHash: string
}

/** θ of one unit of an experiment. */
export interface UnitThetas {
  readonly runId: number
  readonly settings: Readonly<Record<string, unknown>>
}

/** In the order of the config. */
export function tasksWithThetas(
  db: Database.Database,
  sweepIds: readonly string[],
  { model, task }: Pick<ResultFilter, 'model' | 'task'>,
): TaskWithThetas[] {
  const statement = db.prepare(
    `select p.sweep_id as sweep, p.model_id as model, m.source, p.model_hash as modelHash, p.numerics, p.task_id as task, s.protocol,
            c.blocks, c.d_model as dModel, c.weights, ${bestLayerOfTask} as bestLayer, p.best_layer as testedLayer, t.spec ->> '$.theta.name' as given, p.test_items as itemsHash
     from prepared_tasks p
     join sweeps s on s.id = p.sweep_id
     join sweep_models m on m.sweep_id = p.sweep_id and m.model_id = p.model_id
     join sweep_tasks t on t.sweep_id = p.sweep_id and t.task_id = p.task_id
     join models c on c.content_hash = p.model_hash
     where p.sweep_id = @sweep and p.best_layer is not null and (@model is null or p.model_id = @model) and (@task is null or p.task_id = @task)
     order by m.position, t.position`,
  )
  return sweepIds.flatMap((sweep) => {
    const rows = statement.all({ sweep, model: model ?? null, task: task ?? null }) as (Omit<
      TaskWithThetas,
      'protocol'
    > & { readonly protocol: string })[]
    return rows.map((row) => ({ ...row, protocol: JSON.parse(row.protocol) as Protocol }))
  })
}

/** The mean θ over the test items at the best L, `[d_model]`; null if it is not stored. */
export function meanAtBest(
  db: Database.Database,
  { sweep, model, task }: TaskWithThetas,
): Float32Array | null {
  const values = db
    .prepare(
      `select v."values" from sweep_runs s join runs r on r.key = s.run_key join task_vectors v on v.run_id = r.id
       where s.sweep_id = ? and s.model_id = ? and s.task_id = ? and s.kind = 'hypothesis'`,
    )
    .pluck()
    .get(sweep, model, task) as Buffer | undefined
  return values ? new Float32Array(new Uint8Array(values).buffer) : null
}

/** The complete unit of an experiment on this task, if it has θ. */
export function unitThetas(
  db: Database.Database,
  { sweep, model, task }: TaskWithThetas,
  experiment: string,
): UnitThetas | null {
  const row = db
    .prepare(
      `select r.id as runId, u.settings from units u join unit_runs r on r.key = u.run_key and r.complete = 1
       where u.sweep_id = ? and u.model_id = ? and u.task_id = ? and u.experiment = ? and u.skipped is null
         and exists (select 1 from thetas t where t.run_id = r.id)`,
    )
    .get(sweep, model, task, experiment) as { runId: number; settings: string } | undefined
  return row ? { runId: row.runId, settings: JSON.parse(row.settings) as UnitThetas['settings'] } : null
}

/** The task with the experiment's own k, if it has one. */
export function withK(db: Database.Database, task: TaskWithThetas, experiment: string): TaskWithThetas {
  const k = experiment === 'main' ? undefined : unitThetas(db, task, experiment)?.settings['demonstrations']
  return typeof k === 'number' ? { ...task, protocol: { ...task.protocol, demonstrations: k } } : task
}

/** The experiments of a task that have θ. */
export function experimentsWithThetas(
  db: Database.Database,
  { sweep, model, task }: TaskWithThetas,
): { readonly experiment: string; readonly runId: number }[] {
  return db
    .prepare(
      `select u.experiment, r.id as runId from units u join unit_runs r on r.key = u.run_key and r.complete = 1
       where u.sweep_id = ? and u.model_id = ? and u.task_id = ? and u.skipped is null
         and exists (select 1 from thetas t where t.run_id = r.id) order by u.experiment`,
    )
    .all(sweep, model, task) as ReturnType<typeof experimentsWithThetas>
}

export function itemsOf(db: Database.Database, itemsHash: string): Item[] {
  const rows = db.prepare('select * from items where items_hash = ? order by item').all(itemsHash)
  return (rows as StoredItem[]).map(itemOf)
}
