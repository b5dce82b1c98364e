import type { UnitPlace } from '../domain/experiments.js'
import { canonicalJson } from '../domain/identity.js'
import { TaskvecError } from '../domain/errors.js'
import type { ModelContent, Pair, Protocol, TaskSpec } from '../domain/types.js'
import { describeMissing, isComplete, missingOf } from './completeness.js'
import { keyOf, saveRun } from './content.js'
import { openDatabase } from './open.js'
import {
  pairSlice,
  planLargeTask,
  taskToPrepare,
  type LargeTaskPlan,
  type PlanLargeTaskInput,
  type TaskToPrepare,
} from './large-tasks.js'
import { preparedTask, savePrepared, type Place } from './prepared-tasks.js'
import { nextPart, nextTestPart, recordPart, type RecordPartInput, type TaskPart } from './task-parts.js'
import { linkCells, linkRun } from './run-links.js'
import { Statements } from './statements.js'
import { createUnits, nextStep, recordStep, type NextStep, type UnitsOf } from './experiment-units.js'
import type {
  BestLayer,
  Failure,
  NewSweep,
  PlanTaskInput,
  RecordRunsInput,
  Store,
  SweepStatus,
  TaskPlan,
} from './store.js'

/** Opens the results database as the one writer that activities use. Errors: STORE, STORE_BUSY. */
export function openStore(file: string): Store {
  return new SqliteStore(new Statements(file, openDatabase(file)))
}

class SqliteStore implements Store {
  constructor(private readonly db: Statements) {}

  createSweep(sweep: NewSweep): void {
    this.db.write(() => {
      const { id, name, config, protocol, codeVersion, machine } = sweep
      this.db.run(
        `insert into sweeps (id, name, config, protocol, seed, code_version, machine, status, created_at, group_id)
         values (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?) on conflict do nothing`,
        [
          id,
          name,
          config,
          canonicalJson(protocol),
          protocol.seed,
          codeVersion,
          canonicalJson(machine),
          now(),
          sweep.group ?? null,
        ],
      )
      sweep.models.forEach((model, i) =>
        this.db.run(
          'insert into sweep_models (sweep_id, model_id, position, source) values (?, ?, ?, ?) on conflict do nothing',
          [id, model.id, i, model.source],
        ),
      )
      sweep.tasks.forEach((task, i) =>
        this.db.run(
          'insert into sweep_tasks (sweep_id, task_id, position, spec) values (?, ?, ?, ?) on conflict do nothing',
          [id, task.id, i, canonicalJson(task)],
        ),
      )
      createUnits(
        this.db,
        id,
        sweep.models.map((model) => model.id),
        sweep.tasks.map((task) => task.id),
        sweep.experiments ?? [],
      )
    })
  }

  setSweepStatus(sweepId: string, status: SweepStatus): void {
    this.db.write(() => {
      if (status === 'complete') this.#refuseIncomplete(sweepId)
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

  taskToPrepare(sweepId: string, task: string): TaskToPrepare {
    return taskToPrepare(this.taskSpec(sweepId, task), this.#protocol(sweepId))
  }

  pairSlice(sweepId: string, task: string, slice: number): readonly Pair[] {
    return pairSlice(this.taskSpec(sweepId, task), slice)
  }

  planLargeTask(input: PlanLargeTaskInput): Promise<LargeTaskPlan> {
    const { sweepId, task } = input
    return planLargeTask(this.db, this.taskSpec(sweepId, task), this.#protocol(sweepId), input)
  }

  nextPart(place: Place, under: readonly string[]): TaskPart | null {
    return nextPart(this.db, place, under)
  }

  nextTestPart(place: Place): TaskPart | null {
    return nextTestPart(this.db, place)
  }

  recordPart(input: RecordPartInput): void {
    this.db.write(() => recordPart(this.db, input))
  }

  modelContent(sweepId: string, model: string): ModelContent | null {
    const row = this.db.row(
      `select coalesce(m.content_hash, p.model_hash) as hash, coalesce(m.numerics, p.numerics) as numerics from sweep_models m
       left join prepared_tasks p on p.sweep_id = m.sweep_id and p.model_id = m.model_id
       where m.sweep_id = ? and m.model_id = ? limit 1`,
      [sweepId, model],
    ) as { hash: string | null; numerics: string | null } | undefined
    return row?.hash && row.numerics ? { hash: row.hash, numerics: row.numerics } : null
  }

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

  planTask({ sweepId, model, info, prepared, layerChunks }: PlanTaskInput): TaskPlan {
    return this.db.write(() => {
      const place = { sweepId, model, task: prepared.task }
      const row = savePrepared(this.db, place, info, prepared)
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

  recordRuns(input: RecordRunsInput): void {
    this.db.write(() => {
      const row = preparedTask(this.db, input)
      for (const run of input.runs) {
        const runId = saveRun(this.db, row, run, input.layersTogether)
        if (input.theta && run.kind === 'hypothesis' && run.split === 'test') {
          this.db.run(
            'insert into task_vectors (run_id, layer, "values") values (?, ?, ?) on conflict do nothing',
            [runId, input.theta.layer, Buffer.from(input.theta.base64, 'base64')],
          )
        }
      }
      const work = [input.runs[0]?.split ?? '', input.layersTogether.join(',')].join(' ').trim()
      this.db.run(
        `insert into timings (sweep_id, model_id, task_id, work, engine_seconds, computed_by, finished_at) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
        [input.sweepId, input.model, input.task, work, input.seconds, input.computedBy, now()],
      )
    })
  }

  chooseBestLayer(sweepId: string, model: string, task: string): BestLayer {
    return this.db.write(() => {
      const place = { sweepId, model, task }
      const dev = this.db.all(
        'select layer, correct, items from cells where sweep_id = ? and model_id = ? and task_id = ? order by layer',
        [sweepId, model, task],
      ) as { layer: number; correct: number | null; items: number }[]
      const missing = dev.filter(({ correct }) => correct === null).map(({ layer }) => layer)
      if (dev.length === 0 || missing.length > 0) {
        throw new TaskvecError(
          'STORE',
          `${this.db.file}: ${model}, ${task}: dev cells of layers ${missing.join(', ')} are not stored yet`,
        )
      }
      // The lowest L among those with the highest accuracy: rows stand in order of L.
      const best = dev.reduce((a, b) => ((b.correct as number) > (a.correct as number) ? b : a))
      this.db.run(
        'update prepared_tasks set best_layer = ? where sweep_id = ? and model_id = ? and task_id = ?',
        [best.layer, sweepId, model, task],
      )
      const row = preparedTask(this.db, place)
      const regular = linkRun(
        this.db,
        place,
        'regular',
        keyOf(row, { kind: 'regular', split: 'test', layer: null }, [best.layer]),
      )
      const hypothesis = linkRun(
        this.db,
        place,
        'hypothesis',
        keyOf(row, { kind: 'hypothesis', split: 'test', layer: best.layer }, [best.layer]),
      )
      return {
        layer: best.layer,
        devAccuracy: (best.correct as number) / Math.max(1, best.items),
        testStored: regular && hypothesis,
      }
    })
  }

  nextStep(units: UnitsOf): NextStep | null {
    return this.db.write(() => nextStep(this.db, units))
  }

  recordStep(unit: UnitPlace, name: string, result: unknown): void {
    this.db.write(() => recordStep(this.db, unit, name, result))
  }

  recordFailure(failure: Failure): void {
    const { sweepId, model, task, experiment = 'main', code, message, attempts, log, worker } = failure
    this.db.write(() =>
      this.db.run(
        `insert into failures (sweep_id, model_id, task_id, experiment, code, message, attempts, log, worker, failed_at, superseded)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
         on conflict do update set message = excluded.message, attempts = excluded.attempts, log = excluded.log,
           worker = excluded.worker, failed_at = excluded.failed_at, superseded = 0`,
        [sweepId, model, task ?? '', experiment, code, message, attempts, log ?? '', worker ?? '', now()],
      ),
    )
  }

  retryFailures(sweepId: string, which: 'all' | 'workflows'): void {
    this.db.write(() =>
      this.db.run(
        "update failures set superseded = 1 where sweep_id = ? and (? = 'all' or code = 'WORKFLOW')",
        [sweepId, which],
      ),
    )
  }

  close(): void {
    this.db.close()
  }

  #protocol(sweepId: string): Protocol {
    return JSON.parse(
      this.db.pluck('select protocol from sweeps where id = ?', [sweepId]) as string,
    ) as Protocol
  }

  #refuseIncomplete(sweepId: string): void {
    const missing = missingOf((sql, values) => this.db.pluck(sql, values), sweepId)
    if (!isComplete(missing))
      throw new TaskvecError(
        'STORE',
        `${this.db.file}: sweep ${sweepId} is not complete: ${describeMissing(missing)}`,
      )
  }
}

function now(): string {
  return new Date().toISOString()
}
