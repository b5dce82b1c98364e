import {
  unitName,
  type AnalysisStep,
  type ComputeStep,
  type FurtherExperiment,
  type Timing,
  type UnitPlace,
} from '../domain/experiments.js'
import { TaskvecError } from '../domain/errors.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import { largestPayload } from '../domain/payloads.js'
import {
  addition,
  decodability,
  decodabilityThetas,
  demonstrationSets,
} from '../experiments/beyond/beyond.js'
import { layerTransfer, multiContext, templateTransfer } from '../experiments/beyond/beyond.js'
import { conflicting } from '../experiments/conflicting/conflicting.js'
import { projection } from '../experiments/projection/projection.js'
import { robustness, robustnessAnalysis } from '../experiments/robustness/robustness.js'
import type { Statements } from './statements.js'

/**
 * The further experiments of a sweep, in units that are stored as a whole, each under a key that hashes all that
 * determines it. What is to be done next is always read off the database: so a unit goes on where it stopped.
 */

export type Step = ComputeStep | AnalysisStep

export interface UnitPlan {
  /** All that determines the results, besides the experiment and the model's hash. */
  readonly identity: unknown
  readonly modelHash: string
  /** The first step whose rows are not there yet; null: complete. `name` tells it from the unit's others. */
  readonly next: (runId: number) => { readonly name: string; readonly step: Step } | null
}

/** One experiment, as far as it touches the database: a file of its own beside this one. */
export interface UnitKind {
  /** Errors: TASK where it cannot be done for this model and these tasks: the unit is skipped, with the message. */
  plan(db: Statements, place: UnitPlace, settings: unknown): UnitPlan
  /** Writes the rows of a step that were not there. */
  record(db: Statements, runId: number, result: unknown): void
}

const kinds: Readonly<Record<string, UnitKind>> = {
  robustness,
  robustness_analysis: robustnessAnalysis,
  conflicting,
  projection,
  demonstration_sets: demonstrationSets,
  multi_context: multiContext,
  layer_transfer: layerTransfer,
  template_transfer: templateTransfer,
  addition,
  decodability_thetas: decodabilityThetas,
  decodability,
}

export interface NextStep {
  readonly unit: UnitPlace
  readonly name: string
  readonly step: Step
  /** Set, and `step` left without items, where it takes more than can be handed to a worker: bytes. */
  readonly tooLarge?: number
}

export interface UnitsOf {
  readonly sweepId: string
  readonly model: string
  /** The units of this task; '': those over several tasks. */
  readonly task: string
  /** Experiments, with their pair of tasks, that failed for now and are left alone: `unitName`. */
  readonly failed: readonly string[]
}

/** Registers the units of a sweep; a repeated call changes nothing. */
export function createUnits(
  db: Statements,
  sweepId: string,
  models: readonly string[],
  tasks: readonly string[],
  experiments: readonly FurtherExperiment[],
): void {
  for (const model of models)
    for (const { experiment, task, thetaTask, settings } of experiments.flatMap((one) => unitsOf(one, tasks)))
      db.run(
        'insert into units (sweep_id, model_id, experiment, task_id, theta_task_id, settings, reused) values (?, ?, ?, ?, ?, ?, 0) on conflict do nothing',
        [sweepId, model, experiment, task, thetaTask, canonicalJson(settings)],
      )
}

type NewUnit = Pick<UnitPlace, 'experiment' | 'task' | 'thetaTask'> & { readonly settings: unknown }

function unitsOf(settings: FurtherExperiment, tasks: readonly string[]): NewUnit[] {
  const perTask = (experiment: string, own: unknown): NewUnit[] =>
    tasks.map((task) => ({ experiment, task, thetaTask: '', settings: own }))
  const overTasks = (experiment: string): NewUnit => ({ experiment, task: '', thetaTask: '', settings: {} })
  switch (settings.experiment) {
    case 'robustness':
      return [...perTask('robustness', settings), overTasks('robustness_analysis')]
    case 'conflicting':
      return settings.pairs.map(([task, thetaTask]) => ({
        experiment: 'conflicting',
        task,
        thetaTask,
        settings: { demonstrations: settings.demonstrations, items: settings.items },
      }))
    case 'projection':
      return perTask('projection', settings)
    case 'beyond': {
      const { items, demonstrationSets: sets, templateTransfer: templates } = settings
      return [
        ...(sets.length > 0 ? perTask('demonstration_sets', { items, sets }) : []),
        ...(settings.multiContext ? perTask('multi_context', { items }) : []),
        ...(settings.layerTransfer ? perTask('layer_transfer', { items, ...settings.layerTransfer }) : []),
        ...(templates.length > 0 ? perTask('template_transfer', { items, templates }) : []),
        ...(settings.addition ? perTask('addition', { items }) : []),
        ...(settings.decodability
          ? [...perTask('decodability_thetas', settings.decodability), overTasks('decodability')]
          : []),
      ]
    }
  }
}

interface UnitRow {
  readonly experiment: string
  readonly task_id: string
  readonly theta_task_id: string
  readonly settings: string
  readonly complete: number | null
}

/** The next step of a task's units; null: all are complete, skipped or in `failed`. */
export function nextStep(db: Statements, { sweepId, model, task, failed }: UnitsOf): NextStep | null {
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
    // What is over all tasks is planned anew: a task that had failed may be there now.
    if (failed.includes(unitName(unit)) || (row.complete === 1 && ofTask !== '')) continue
    const planned = plan(db, unit, row.settings)
    const next = planned && advance(db, planned)
    if (next) return { unit, ...handedOver(next) }
  }
  return null
}

function handedOver(next: Omit<NextStep, 'unit'>): Omit<NextStep, 'unit'> {
  const bytes = Buffer.byteLength(JSON.stringify(next.step))
  if (bytes <= largestPayload - 1000) return next
  const { activity, input } = next.step
  return { ...next, step: { activity, input: { ...input, items: [], pool: [] } } as Step, tooLarge: bytes }
}

/** Stores what a step found; one that is there already, or no longer asked for, changes nothing. */
export function recordStep(db: Statements, unit: UnitPlace, name: string, result: unknown): void {
  const settings = db.pluck(
    'select settings from units where sweep_id = ? and model_id = ? and experiment = ? and task_id = ? and theta_task_id = ?',
    [unit.sweepId, unit.model, unit.experiment, unit.task, unit.thetaTask],
  )
  const planned = plan(db, unit, settings as string)
  if (!planned || advance(db, planned)?.name !== name) return
  kindOf(unit).record(db, planned.runId, result)
  saveTiming(db, unit, name, result as Partial<Timing>)
  advance(db, planned)
}

function saveTiming(
  db: Statements,
  { sweepId, model, experiment, task, thetaTask }: UnitPlace,
  name: string,
  { seconds, computedBy }: Partial<Timing>,
): void {
  // A step that an older taskvec computed does not say.
  if (seconds === undefined || computedBy === undefined) return
  const work = [experiment, thetaTask, name].filter(Boolean).join(' ')
  db.run(
    `insert into timings (sweep_id, model_id, task_id, work, engine_seconds, computed_by, finished_at) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
    [sweepId, model, task, work, seconds, computedBy, new Date().toISOString()],
  )
}

interface Planned {
  readonly runId: number
  readonly next: UnitPlan['next']
}

/** Points the unit at its run, which is made where it is not there; null: skipped. */
function plan(db: Statements, unit: UnitPlace, settings: string): Planned | null {
  const place = [unit.sweepId, unit.model, unit.experiment, unit.task, unit.thetaTask]
  const where = 'where sweep_id = ? and model_id = ? and experiment = ? and task_id = ? and theta_task_id = ?'
  try {
    const { identity, modelHash, next } = kindOf(unit).plan(db, unit, JSON.parse(settings))
    const { experiment } = unit
    const key = sha256(canonicalJson({ experiment, modelHash, ...(identity as object) }))
    const known = db.pluck('select complete from unit_runs where key = ?', [key])
    db.run(
      `update units set run_key = ?, skipped = null, reused = ? ${where} and (run_key is not ? or skipped is not null)`,
      [key, Number(known === 1), ...place, key],
    )
    db.run(
      'insert into unit_runs (key, experiment, model_hash, complete) values (?, ?, ?, 0) on conflict do nothing',
      [key, experiment, modelHash],
    )
    return { runId: db.pluck('select id from unit_runs where key = ?', [key]) as number, next }
  } catch (error) {
    if (!(error instanceof TaskvecError) || error.code !== 'TASK') throw error
    db.run(`update units set skipped = ?, run_key = null, reused = 0 ${where}`, [error.message, ...place])
    return null
  }
}

/** The run's next step; marks it as complete where there is none. */
function advance(db: Statements, { runId, next }: Planned): ReturnType<UnitPlan['next']> {
  if (db.pluck('select complete from unit_runs where id = ?', [runId]) === 1) return null
  const step = next(runId)
  if (!step) db.run('update unit_runs set complete = 1 where id = ?', [runId])
  return step
}

function kindOf({ experiment }: UnitPlace): UnitKind {
  const kind = kinds[experiment]
  if (!kind) throw new TaskvecError('STORE', `unknown experiment ${experiment}: made by a newer taskvec`)
  return kind
}
