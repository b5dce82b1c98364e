import type Database from 'better-sqlite3'
import type { SkippedFailures } from '../../workflows/inputs.js'
import { unitName } from '../domain/unit-place.js'
import { sweepFailures, sweepProgress } from '../store/sweep-state.js'

/** Tasks and units that failed for good and are skipped on resume, by model. */
export function skippedFailures(db: Database.Database, sweepId: string): Record<string, SkippedFailures> {
  const complete = new Set(
    sweepProgress(db, sweepId).flatMap(({ model, task, complete }) => (complete ? `${model} ${task}` : [])),
  )
  const left: Record<string, { tasks: string[]; units: { task: string; name: string }[] }> = {}
  for (const { model, task, experiment: failed } of sweepFailures(db, sweepId)) {
    const of = (left[model] ??= { tasks: [], units: [] })
    if (failed === 'main') {
      if (!complete.has(`${model} ${task}`)) of.tasks.push(task)
      continue
    }
    const [experiment = '', thetaTask = ''] = failed.split(' ', 2)
    const name = unitName({ experiment, task, thetaTask })
    // Units about two tasks belong to the workflow of experiments over several tasks.
    of.units.push({ task: thetaTask === '' ? task : '', name })
  }
  return left
}
