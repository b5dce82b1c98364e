import type { Statements } from './statements.js'
import type { Failure } from './store-inputs.js'

/** A task, experiment or workflow that failed for good. Failing again replaces its row. */
export function recordFailure(db: Statements, failure: Failure): void {
  const { sweepId, model, task, experiment = 'main', code, message, attempts, log, worker } = failure
  db.run(
    `insert into failures (sweep_id, model_id, task_id, experiment, code, message, attempts, log, worker, failed_at, superseded)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
     on conflict do update set message = excluded.message, attempts = excluded.attempts, log = excluded.log,
       worker = excluded.worker, failed_at = excluded.failed_at, superseded = 0`,
    [
      ...[sweepId, model, task ?? '', experiment, code, message, attempts, log ?? '', worker ?? ''],
      new Date().toISOString(),
    ],
  )
}

/** Marks failures as being retried, so that they no longer count for the sweep. `workflows`: only those of whole workflows. */
export function retryFailures(db: Statements, sweepId: string, which: 'all' | 'workflows'): void {
  db.run("update failures set superseded = 1 where sweep_id = ? and (? = 'all' or code = 'WORKFLOW')", [
    sweepId,
    which,
  ])
}
