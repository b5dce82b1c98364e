import type { UnitPlace } from '../domain/experiments.js'
import { canonicalJson } from '../domain/identity.js'
import { TaskvecError } from '../domain/errors.js'
import type { ModelContent, RunKind, Split, TaskSpec } from '../domain/types.js'
import { describeMissing, isComplete, missingOf } from './completeness.js'
import { keyOf, saveItems, savePairs, saveRun, type PreparedRow } from './content.js'
import { openDatabase } from './open.js'
import { Statements } from './statements.js'
import { createUnits, nextStep, recordStep, type NextStep, type UnitsOf } from './units.js'
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

/** A (model, task) of a sweep. */
interface Place {
  readonly sweepId: string
  readonly model: string
  readonly task: string
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
      this.db.run(
        `insert into models (content_hash, architecture, blocks, d_model, vocab, parameters, weights) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
        [
          info.contentHash,
          info.architecture,
          info.blocks,
          info.dModel,
          info.vocab,
          info.parameters,
          info.weights,
        ],
      )
      const itemsHash = {
        baseline: saveItems(this.db, prepared.items.baseline),
        dev: saveItems(this.db, prepared.items.dev),
        test: saveItems(this.db, prepared.items.test),
      }
      const pairsHash = prepared.pairs && savePairs(this.db, prepared.pairs)
      this.db.run(
        `insert into prepared_tasks (sweep_id, model_id, task_id, model_hash, numerics, category, scoring, reading, pairs_hash,
           baseline_items, dev_items, test_items, warnings) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
        [
          sweepId,
          model,
          prepared.task,
          info.contentHash,
          canonicalJson(info.numerics),
          prepared.category,
          prepared.scoring,
          prepared.reading,
          pairsHash,
          itemsHash.baseline,
          itemsHash.dev,
          itemsHash.test,
          canonicalJson(prepared.warnings),
        ],
      )
      const place = { sweepId, model, task: prepared.task }
      const row = this.#preparedTask(place)
      this.#refuseOtherModel(place, row, info.contentHash, canonicalJson(info.numerics))
      this.#refuseOtherItems(place, row, { ...itemsHash, scoring: prepared.scoring })

      const baselineStored = this.#linkRun(
        place,
        'baseline',
        keyOf(row, { kind: 'baseline', split: 'baseline', layer: null }, []),
      )
      const missingChunks = layerChunks.filter((chunk) => this.#linkCells(place, row, chunk))
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
      const row = this.#preparedTask(input)
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
      const row = this.#preparedTask(place)
      const regular = this.#linkRun(
        place,
        'regular',
        keyOf(row, { kind: 'regular', split: 'test', layer: null }, [best.layer]),
      )
      const hypothesis = this.#linkRun(
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

  retryFailures(sweepId: string): void {
    this.db.write(() => this.db.run('update failures set superseded = 1 where sweep_id = ?', [sweepId]))
  }

  close(): void {
    this.db.close()
  }

  /** Points a chunk's cells at their runs; true where one of them is still to be computed. */
  #linkCells({ sweepId, model, task }: Place, row: PreparedRow, chunk: readonly number[]): boolean {
    const stored = chunk.map((layer) => {
      const key = keyOf(row, { kind: 'hypothesis', split: 'dev', layer }, chunk)
      const there = this.#isStored(key)
      this.db.run(
        `insert into cells (sweep_id, model_id, task_id, layer, run_key, layers_together, reused) values (?, ?, ?, ?, ?, ?, ?)
         on conflict do update set run_key = excluded.run_key, layers_together = excluded.layers_together, reused = excluded.reused
         where run_key <> excluded.run_key`,
        [sweepId, model, task, layer, key, chunk.join(','), Number(there)],
      )
      return there
    })
    return stored.includes(false)
  }

  #linkRun({ sweepId, model, task }: Place, kind: RunKind, key: string): boolean {
    const there = this.#isStored(key)
    this.db.run(
      `insert into sweep_runs (sweep_id, model_id, task_id, kind, run_key, reused) values (?, ?, ?, ?, ?, ?)
       on conflict do update set run_key = excluded.run_key, reused = excluded.reused where run_key <> excluded.run_key`,
      [sweepId, model, task, kind, key, Number(there)],
    )
    return there
  }

  #preparedTask({ sweepId, model, task }: Place): PreparedRow {
    const row = this.db.row(
      'select * from prepared_tasks where sweep_id = ? and model_id = ? and task_id = ?',
      [sweepId, model, task],
    )
    if (!row)
      throw new TaskvecError(
        'STORE',
        `${this.db.file}: sweep ${sweepId}: ${model}, ${task} has not been prepared`,
      )
    return row as PreparedRow
  }

  /** A sweep's results must come from one set of weights and one numeric set-up. */
  #refuseOtherModel(
    { sweepId, model }: Place,
    row: PreparedRow,
    contentHash: string,
    numerics: string,
  ): void {
    if (row.model_hash !== contentHash) {
      throw new TaskvecError(
        'STORE',
        `${model}: its weights, config or tokenizer changed since sweep ${sweepId} began (${row.model_hash.slice(0, 12)}, now ${contentHash.slice(0, 12)})`,
        {
          hint: 'Restore the files, or start a new sweep under another name.',
        },
      )
    }
    if (row.numerics !== numerics) {
      throw new TaskvecError(
        'STORE',
        `${model}: the numeric set-up changed since sweep ${sweepId} began (${row.numerics}, now ${numerics})`,
        {
          hint: 'Go on with the taskvec version that began it, or start a new sweep under another name.',
        },
      )
    }
  }

  /** Items are drawn anew by every `prepareTask`: other ones must not be taken for those that runs are stored under. */
  #refuseOtherItems(
    { sweepId, model, task }: Place,
    row: PreparedRow,
    now: Record<Split | 'scoring', string>,
  ): void {
    if (
      row.scoring === now.scoring &&
      row.baseline_items === now.baseline &&
      row.dev_items === now.dev &&
      row.test_items === now.test
    )
      return
    throw new TaskvecError(
      'STORE',
      `${model}, ${task}: its items changed since sweep ${sweepId} began: another word list, or another way of drawing or scoring`,
      { hint: 'Go on with the taskvec version that began it, or start a new sweep under another name.' },
    )
  }

  #refuseIncomplete(sweepId: string): void {
    const missing = missingOf((sql, values) => this.db.pluck(sql, values), sweepId)
    if (!isComplete(missing))
      throw new TaskvecError(
        'STORE',
        `${this.db.file}: sweep ${sweepId} is not complete: ${describeMissing(missing)}`,
      )
  }

  #isStored(key: string): boolean {
    return this.db.pluck('select 1 from runs where key = ?', [key]) !== undefined
  }
}

function now(): string {
  return new Date().toISOString()
}
