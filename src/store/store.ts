import type { UnitPlace } from '../domain/unit-place.js'
import { canonicalJson, numericsJson } from '../domain/identity.js'
import { boundNumerics, type NumericsJson } from '../domain/numerics.js'
import { TaskvecError } from '../domain/errors.js'
import type { ModelContent, ModelInfo, Pair, Protocol, TaskSpec } from '../domain/types.js'
import { refuseIncomplete } from './completeness.js'
import { chooseBestLayer } from './choose-best-layer.js'
import { keyOf, saveRun } from './content.js'
import { recordFailure, retryFailures } from './failures.js'
import { openDatabase } from './open.js'
import {
  pairSlice,
  planLargeTask,
  taskToPrepare,
  type LargeTaskPlan,
  type PlanLargeTaskInput,
  type TaskToPrepare,
} from './large-tasks.js'
import { preparedTask, refuseOtherModel, savePrepared, type TaskPlace } from './prepared-tasks.js'
import { linkCells, linkRun } from './run-links.js'
import { taskVectors, timings } from './schema/runs.js'
import { nextPart, nextTestPart, recordPart, type RecordPartInput } from './task-parts.js'
import type { TaskPart } from './task-work.js'
import { sweepModels, sweeps, sweepTasks } from './schema/sweeps.js'
import { Statements } from './statements.js'
import {
  createUnits,
  nextStep,
  recordStep,
  type NextStep,
  type UnitKinds,
  type UnitsOf,
} from './experiment-units.js'
import type {
  BestLayer,
  Failure,
  NewSweep,
  PlanTaskInput,
  RecordRunsInput,
  SweepStatus,
  TaskPlan,
} from './store-inputs.js'

/** Opens the results database as the one writer that activities use. Errors: STORE, STORE_BUSY. */
export function openStore(file: string, kinds: UnitKinds = {}): Store {
  return new Store(new Statements(file, openDatabase(file)), kinds)
}

/**
 * The results database as activities see it: a single writer, every method one transaction, every write idempotent, so that an
 * activity delivered twice changes nothing.
 */
export class Store {
  constructor(
    private readonly db: Statements,
    private readonly kinds: UnitKinds,
  ) {}

  /** Registers a sweep; a repeated call changes nothing. Errors: TASK (unit-limits.ts). */
  createSweep(sweep: NewSweep): void {
    this.db.write(() => {
      const { id, name, config, protocol, codeVersion, machine } = sweep
      this.db.insert(sweeps, {
        ...{ id, name, config, codeVersion },
        protocol: canonicalJson(protocol),
        seed: protocol.seed,
        machine: canonicalJson(machine),
        status: 'running',
        createdAt: now(),
        groupId: sweep.group ?? null,
      })
      sweep.models.forEach((model, position) =>
        this.db.insert(sweepModels, { sweepId: id, modelId: model.id, position, source: model.source }),
      )
      sweep.tasks.forEach((task, position) =>
        this.db.insert(sweepTasks, { sweepId: id, taskId: task.id, position, spec: canonicalJson(task) }),
      )
      createUnits(this.db, this.kinds, sweep)
    })
  }

  setSweepStatus(sweepId: string, status: SweepStatus): void {
    this.db.write(() => {
      if (status === 'complete') refuseIncomplete(this.db, sweepId)
      this.db.run('update sweeps set status = ?, finished_at = ? where id = ? and status <> ?', [
        status,
        status === 'running' ? null : now(),
        sweepId,
        status,
      ])
    })
  }

  taskSpec(sweepId: string, task: string): TaskSpec {
    const spec = this.db.pluck('select spec from sweep_tasks where sweep_id = ? and task_id = ?', [
      sweepId,
      task,
    ])
    if (typeof spec !== 'string')
      throw new TaskvecError('STORE', `${this.db.file}: sweep ${sweepId} has no task ${task}`)
    return JSON.parse(spec) as TaskSpec
  }

  /** The content of a model in the sweep's results; null if not settled yet. */
  modelContent(sweepId: string, model: string): ModelContent | null {
    const row = this.db.row(
      `select coalesce(m.content_hash, p.model_hash) as hash, coalesce(m.numerics, p.numerics) as numerics from sweep_models m
       left join prepared_tasks p on p.sweep_id = m.sweep_id and p.model_id = m.model_id
       where m.sweep_id = ? and m.model_id = ? limit 1`,
      [sweepId, model],
    ) as { hash: string | null; numerics: NumericsJson | null } | undefined
    return row?.hash && row.numerics ? { hash: row.hash, numerics: row.numerics } : null
  }

  /** How to prepare a task: whole, or in parts. Errors: TASK if it is too large to run. */
  taskToPrepare(sweepId: string, task: string): TaskToPrepare {
    return taskToPrepare(this.taskSpec(sweepId, task), this.#protocol(sweepId))
  }

  /** Of a large task: some of its pairs, for the tokenizer. */
  pairSlice(sweepId: string, task: string, slice: number): readonly Pair[] {
    return pairSlice(this.taskSpec(sweepId, task), slice)
  }

  /** `planTask` for a large task. */
  planLargeTask(input: PlanLargeTaskInput): Promise<LargeTaskPlan> {
    const { sweepId, task } = input
    const info = this.#asSettled(sweepId, input.model, input.info)
    return planLargeTask(this.db, this.taskSpec(sweepId, task), this.#protocol(sweepId), { ...input, info })
  }

  /** Of a large task: the next part of baseline or dev that is not in progress; null if none. */
  nextPart(place: TaskPlace, under: readonly string[]): TaskPart | null {
    return nextPart(this.db, place, under)
  }

  /** Of a large task: the next part of test, once the best L is chosen; null if none. */
  nextTestPart(place: TaskPlace): TaskPart | null {
    return nextTestPart(this.db, place)
  }

  recordPart(input: RecordPartInput): void {
    this.db.write(() => recordPart(this.db, input))
  }

  /** Settles the content of a model; the first one is kept. */
  settleModel(sweepId: string, model: string, content: ModelContent): ModelContent {
    return this.db.write(() => {
      const { hash, numerics } = this.modelContent(sweepId, model) ?? content
      this.db.run(
        'update sweep_models set content_hash = ?, numerics = ? where sweep_id = ? and model_id = ? and content_hash is null',
        [hash, numerics, sweepId, model],
      )
      return { hash, numerics }
    })
  }

  /**
   * Records model, pairs and items of one (model, task), derives every run's key, links runs already stored by this or any
   * other sweep, and returns what is still to be computed.
   */
  planTask({ sweepId, model, info, prepared, layerChunks }: PlanTaskInput): TaskPlan {
    return this.db.write(() => {
      const place = { sweepId, model, task: prepared.task }
      const row = savePrepared(this.db, place, this.#asSettled(sweepId, model, info), prepared)
      const baselineStored = linkRun(
        this.db,
        place,
        'baseline',
        keyOf(row, { kind: 'baseline', split: 'baseline', layer: null }, []),
      )
      const missingChunks = layerChunks.filter((chunk) => linkCells(this.db, place, row, chunk))
      const reused = this.db.pluck(
        'select count(*) from cells where sweep_id = ? and model_id = ? and task_id = ? and reused = 1',
        [sweepId, model, prepared.task],
      )
      return {
        baselineStored,
        missingChunks,
        cells: { all: layerChunks.flat().length, reused: Number(reused) },
      }
    })
  }

  /** Stores runs under their keys; a key already there adds no row. */
  recordRuns(input: RecordRunsInput): void {
    this.db.write(() => {
      const row = preparedTask(this.db, input)
      for (const run of input.runs) {
        const runId = saveRun(this.db, row, run, input.layersTogether)
        if (input.theta && run.kind === 'hypothesis' && run.split === 'test') {
          const { layer, base64 } = input.theta
          this.db.insert(taskVectors, { runId, layer, values: Buffer.from(base64, 'base64') })
        }
      }
      const work = [input.runs[0]?.split ?? '', input.layersTogether.join(',')].join(' ').trim()
      const { sweepId, model: modelId, task: taskId, seconds: engineSeconds, computedBy } = input
      this.db.insert(timings, {
        ...{ sweepId, modelId, taskId, work, engineSeconds, computedBy },
        finishedAt: now(),
      })
    })
  }

  /** Chooses the best L, and links or plans the test runs at it. Errors: STORE if a dev cell is missing. */
  chooseBestLayer(sweepId: string, model: string, task: string): BestLayer {
    return this.db.write(() => chooseBestLayer(this.db, { sweepId, model, task }))
  }

  /** The next step of the further experiments of a task, or over several tasks; null if none. */
  nextStep(units: UnitsOf): NextStep | null {
    return this.db.write(() => nextStep(this.db, this.kinds, units))
  }

  recordStep(unit: UnitPlace, name: string, result: unknown): void {
    this.db.write(() => recordStep(this.db, this.kinds, unit, name, result))
  }

  recordFailure(failure: Failure): void {
    this.db.write(() => recordFailure(this.db, failure))
  }

  /** Marks the sweep's failures, or only those of whole workflows, as being retried. */
  retryFailures(sweepId: string, which: 'all' | 'workflows'): void {
    this.db.write(() => retryFailures(this.db, sweepId, which))
  }

  close(): void {
    this.db.close()
  }

  /** Errors: STORE if the content differs from the settled one. */
  #asSettled(sweepId: string, model: string, info: ModelInfo): ModelInfo {
    const settled = this.modelContent(sweepId, model)
    const numerics = boundNumerics(info.numerics, settled?.numerics)
    const now = { hash: info.modelHash, numerics: numericsJson(numerics) }
    if (settled) refuseOtherModel({ sweepId, model }, settled, now)
    return { ...info, numerics }
  }

  #protocol(sweepId: string): Protocol {
    const protocol = this.db.pluck('select protocol from sweeps where id = ?', [sweepId])
    return JSON.parse(protocol as string) as Protocol
  }
}

function now(): string {
  return new Date().toISOString()
}
