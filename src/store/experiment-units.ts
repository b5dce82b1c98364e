import { unitName, type Timing, type UnitPlace } from '../domain/unit-place.js'
import { TaskvecError } from '../domain/errors.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import { largestPayload } from '../domain/payloads.js'
import type { Step, UnitKind, UnitPlan } from '../experiments/experiment.js'
import { promptRevision } from '../prompt/revision.js'
import { planContext } from './plan-context.js'
import { timings } from './schema/runs.js'
import { unitRuns, units } from './schema/units.js'
import type { Statements } from './statements.js'
import type { NewSweep } from './store-inputs.js'
import { storedRows } from './stored-rows.js'
import { refuseLargeUnits } from './unit-limits.js'

/**
 * The further experiments of a sweep, in units, each stored as a whole under a key that hashes everything that determines it. A unit's
 * kind gives its next step from what is stored, so that a unit resumes where it left off.
 */

/** By the column `experiment`: src/experiments/catalog.ts. */
export type UnitKinds = Readonly<Record<string, UnitKind>>

export interface NextStep {
  readonly unit: UnitPlace
  readonly name: string
  readonly step: Pick<Step, 'activity' | 'input' | 'onThetas'>
  /** Size in bytes, set if the input is too large for a payload; `input` is then empty. */
  readonly tooLarge?: number
}

export interface UnitsOf {
  readonly sweepId: string
  readonly model: string
  /** The units of this task; '': those over several tasks. */
  readonly task: string
  /** Units that have failed and are skipped: `unitName`. */
  readonly failed: readonly string[]
}

/** Registers the units of a sweep; a repeated call changes nothing. Errors: TASK if a new unit's payload is too large. */
export function createUnits(db: Statements, kinds: UnitKinds, sweep: NewSweep): void {
  const { id: sweepId, models, units: registered = [] } = sweep
  if (db.pluck('select 1 from units where sweep_id = ?', [sweepId]) === undefined)
    refuseLargeUnits(kinds, sweep)
  for (const { id: modelId } of models)
    for (const { experiment, task: taskId, thetaTask: thetaTaskId, settings } of registered)
      db.insert(units, {
        ...{ sweepId, modelId, experiment, taskId, thetaTaskId },
        settings: canonicalJson(settings),
        reused: 0,
      })
}

interface UnitRow {
  readonly experiment: string
  readonly task_id: string
  readonly theta_task_id: string
  readonly settings: string
  readonly complete: number | null
}

/** The next step of a task's units; null if all are complete, skipped or in `failed`. */
export function nextStep(
  db: Statements,
  kinds: UnitKinds,
  { sweepId, model, task, failed }: UnitsOf,
): NextStep | null {
  // A task whose main experiment failed has no items and no best L; its failure is recorded already.
  const ready = db.pluck(
    'select 1 from prepared_tasks where sweep_id = ? and model_id = ? and task_id = ? and best_layer is not null',
    [sweepId, model, task],
  )
  if (task !== '' && ready === undefined) return null
  const rows = db.all(
    `select u.experiment, u.task_id, u.theta_task_id, u.settings, r.complete
     from units u left join unit_runs r on r.key = u.run_key
     where u.sweep_id = ? and u.model_id = ? and case when u.theta_task_id = '' then u.task_id else '' end = ?
     order by u.rowid`,
    [sweepId, model, task],
  ) as UnitRow[]
  for (const row of rows) {
    const { experiment, task_id: ofTask, theta_task_id: thetaTask } = row
    const unit = { sweepId, model, experiment, task: ofTask, thetaTask }
    // Units over all tasks are planned again, since a failed task may have succeeded since.
    if (failed.includes(unitName(unit)) || (row.complete === 1 && ofTask !== '')) continue
    const planned = plan(db, kinds, unit, row.settings)
    const next = planned && advance(db, planned)
    if (!next) continue
    const { name, activity, input, onThetas } = next
    return { unit, ...handedOver({ name, step: { activity, input, onThetas } }) }
  }
  return null
}

function handedOver(next: Omit<NextStep, 'unit'>): Omit<NextStep, 'unit'> {
  const bytes = Buffer.byteLength(JSON.stringify(next.step))
  if (bytes <= largestPayload - 1000) return next
  return { ...next, step: { ...next.step, input: {} }, tooLarge: bytes }
}

/** Stores a step's result; does nothing if it is stored already or no longer needed. */
export function recordStep(
  db: Statements,
  kinds: UnitKinds,
  unit: UnitPlace,
  name: string,
  result: unknown,
): void {
  const settings = db.pluck(
    'select settings from units where sweep_id = ? and model_id = ? and experiment = ? and task_id = ? and theta_task_id = ?',
    [unit.sweepId, unit.model, unit.experiment, unit.task, unit.thetaTask],
  )
  const planned = plan(db, kinds, unit, settings as string)
  const step = planned && advance(db, planned)
  if (!planned || step?.name !== name) return
  const found = step.rows(result)
  if (found.every(({ rows }) => rows.length === 0))
    throw new TaskvecError('TASK', `the step ${name} of ${unit.experiment} gave no results`)
  for (const { table, rows } of found)
    for (const row of rows) db.insert(table, { runId: planned.runId, ...row })
  saveTiming(db, unit, name, result as Partial<Timing>)
  advance(db, planned)
}

function saveTiming(
  db: Statements,
  { sweepId, model, experiment, task, thetaTask }: UnitPlace,
  name: string,
  { seconds, computedBy }: Partial<Timing>,
): void {
  // Absent in results of an older taskvec.
  if (seconds === undefined || computedBy === undefined) return
  const work = [experiment, thetaTask, name].filter(Boolean).join(' ')
  db.insert(timings, {
    ...{ sweepId, modelId: model, taskId: task, work, engineSeconds: seconds, computedBy },
    finishedAt: new Date().toISOString(),
  })
}

interface Planned {
  readonly runId: number
  readonly next: UnitPlan['next']
}

/** Links the unit to its run, which is created if missing; null if the unit is skipped. */
function plan(db: Statements, kinds: UnitKinds, unit: UnitPlace, settings: string): Planned | null {
  const place = [unit.sweepId, unit.model, unit.experiment, unit.task, unit.thetaTask]
  const where = 'where sweep_id = ? and model_id = ? and experiment = ? and task_id = ? and theta_task_id = ?'
  try {
    const { identity, modelHash, next } = kindOf(kinds, unit).plan(
      planContext(db, unit),
      JSON.parse(settings),
    )
    const { experiment } = unit
    const key = sha256(canonicalJson({ experiment, modelHash, ...promptRevision, ...identity }))
    const known = db.pluck('select complete from unit_runs where key = ?', [key])
    db.run(
      `update units set run_key = ?, skipped = null, reused = ? ${where} and (run_key is not ? or skipped is not null)`,
      [key, Number(known === 1), ...place, key],
    )
    db.insert(unitRuns, { key, experiment, modelHash, complete: 0 })
    return { runId: db.pluck('select id from unit_runs where key = ?', [key]) as number, next }
  } catch (error) {
    if (!(error instanceof TaskvecError) || error.code !== 'TASK') throw error
    db.run(`update units set skipped = ?, run_key = null, reused = 0 ${where}`, [error.message, ...place])
    return null
  }
}

/** The run's next step; marks the run as complete if there is none. */
function advance(db: Statements, { runId, next }: Planned): Step | null {
  if (db.pluck('select complete from unit_runs where id = ?', [runId]) === 1) return null
  const step = next(storedRows(db, runId))
  if (!step) db.run('update unit_runs set complete = 1 where id = ?', [runId])
  return step
}

function kindOf(kinds: UnitKinds, { experiment }: UnitPlace): UnitKind {
  const kind = kinds[experiment]
  if (!kind) throw new TaskvecError('STORE', `unknown experiment ${experiment}: made by a newer taskvec`)
  return kind
}
