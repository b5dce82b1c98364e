import { TaskvecError } from '../domain/errors.js'
import type { Statements } from './statements.js'

/** Results that a sweep still lacks. */
export interface Missing {
  /** Runs that its cells and tasks refer to and that are not stored. */
  readonly runs: number
  readonly tasksFinished: number
  readonly tasks: number
  /** Further experiments that are neither stored nor skipped. */
  readonly units: number
}

/** `pluck`: the first column of the first row of a query. */
export function missingOf(
  pluck: (sql: string, values: readonly unknown[]) => unknown,
  sweepId: string,
): Missing {
  const count = (sql: string) => Number(pluck(sql, [sweepId]))
  return {
    runs: count(
      `select count(*) from all_runs where sweep = ? and not exists (select 1 from runs where key = run_key)`,
    ),
    tasks: count(
      `select count(*) from sweep_models m join sweep_tasks t using (sweep_id) where sweep_id = ?`,
    ),
    tasksFinished: count(`select count(*) from sweep_runs where sweep_id = ? and kind = 'hypothesis'`),
    units: count(`select count(*) from experiments where sweep = ? and state = 'waiting'`),
  }
}

export function isComplete({ runs, tasksFinished, tasks, units }: Missing): boolean {
  return runs === 0 && tasksFinished === tasks && units === 0
}

export function describeMissing({ runs, tasksFinished, tasks, units }: Missing): string {
  return `${runs} runs missing, ${tasksFinished} of ${tasks} tasks finished, ${units} further experiments open`
}

/** Errors: STORE if the sweep is not complete. */
export function refuseIncomplete(db: Statements, sweepId: string): void {
  const missing = missingOf((sql, values) => db.pluck(sql, values), sweepId)
  if (!isComplete(missing))
    throw new TaskvecError(
      'STORE',
      `${db.file}: sweep ${sweepId} is not complete: ${describeMissing(missing)}`,
    )
}
