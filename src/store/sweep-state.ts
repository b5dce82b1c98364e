import type Database from 'better-sqlite3'
import { bestLayerOfTask } from './best-layer-sql.js'
import type { TaskProgress } from './store-inputs.js'

/** Progress, failures, skipped experiments and warnings of a sweep. Read-only; rows in the config's order. */

export interface FailureRow {
  readonly model: string
  readonly task: string
  /** `main` or a further one. */
  readonly experiment: string
  readonly code: string
  readonly message: string
  readonly attempts: number
  /** Last lines of the process that failed. */
  readonly log: string
  readonly worker: string
  readonly failedAt: string
}

/** Every (model, task) of the sweep, or of some of its models; `cellsAll` is 0 until the task has been prepared. */
export function sweepProgress(
  db: Database.Database,
  sweepId: string,
  models?: readonly string[],
): TaskProgress[] {
  const rows = db
    .prepare(
      `select m.model_id as model, t.task_id as task, ${bestLayerOfTask} as bestLayer,
         count(c.layer) as cellsAll, count(c.items) as cellsDone, coalesce(sum(c.reused), 0) as cellsReused,
         (select count(*) from sweep_runs s join runs x on x.key = s.run_key
          where s.sweep_id = m.sweep_id and s.model_id = m.model_id and s.task_id = t.task_id) as runsDone
       from sweep_models m join sweep_tasks t on t.sweep_id = m.sweep_id
       left join prepared_tasks p on p.sweep_id = m.sweep_id and p.model_id = m.model_id and p.task_id = t.task_id
       left join cells c on c.sweep_id = m.sweep_id and c.model_id = m.model_id and c.task_id = t.task_id
       where m.sweep_id = ? ${models ? 'and m.model_id in (select value from json_each(?))' : ''}
       group by m.position, t.position order by m.position, t.position`,
    )
    .all(sweepId, ...(models ? [JSON.stringify(models)] : [])) as (Omit<TaskProgress, 'complete'> & {
    runsDone: number
  })[]
  return rows.map(({ runsDone, ...row }) => ({
    ...row,
    complete: row.cellsAll > 0 && row.cellsDone === row.cellsAll && runsDone === 3,
  }))
}

/** Number of units of the further experiments, and how many are done or skipped. */
export function unitProgress(db: Database.Database, sweepId: string): { done: number; all: number } {
  return db
    .prepare(
      "select count(*) as 'all', count(*) filter (where state <> 'waiting') as done from experiments where sweep = ?",
    )
    .get(sweepId) as { done: number; all: number }
}

/** Further experiments skipped for a model and its tasks, and why. */
export function skippedExperiments(
  db: Database.Database,
  sweepId: string,
): { model: string; experiment: string; task: string; thetaTask: string; reason: string }[] {
  return db
    .prepare(
      `select model, experiment, task, theta_task as thetaTask, reason from experiments
       where sweep = ? and state = 'skipped' order by model, experiment, task, theta_task`,
    )
    .all(sweepId) as ReturnType<typeof skippedExperiments>
}

/** Warnings from preparing tasks, such as few pairs. */
export function sweepWarnings(db: Database.Database, sweepId: string): { model: string; warning: string }[] {
  const rows = db
    .prepare(
      "select model_id as model, warnings from prepared_tasks where sweep_id = ? and warnings <> '[]' order by model_id, task_id",
    )
    .all(sweepId) as { model: string; warnings: string }[]
  const all = rows.flatMap(({ model, warnings }) =>
    (JSON.parse(warnings) as string[]).map((warning) => ({ model, warning })),
  )
  // A model's warnings are stored with each of its tasks.
  return [...new Map(all.map((entry) => [`${entry.model}\0${entry.warning}`, entry])).values()]
}

/** Failures that have not been retried since. */
export function sweepFailures(db: Database.Database, sweepId: string): FailureRow[] {
  return db
    .prepare(
      'select model_id as model, task_id as task, experiment, code, message, attempts, log, worker, failed_at as failedAt from failures where sweep_id = ? and superseded = 0 order by model_id, task_id, experiment, code',
    )
    .all(sweepId) as FailureRow[]
}
