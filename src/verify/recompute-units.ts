import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describeError, TaskvecError } from '../domain/errors.js'
import { unitName, type UnitPlace } from '../domain/unit-place.js'
import type { Engine } from '../engine/engine.js'
import { analyses, forwardPasses, unitKinds } from '../experiments/catalog.js'
import type { AnalysisInput } from '../experiments/experiment.js'
import { difference, shown } from '../store/compare-values.js'
import { guarded } from '../store/open.js'
import { Statements } from '../store/statements.js'
import { rowKey, unitTables } from '../store/unit-tables.js'
import { nextStep, recordStep, type NextStep } from '../store/experiment-units.js'
import { thetaReader } from '../store/thetas.js'
import type { Problem } from './check.js'
import type { Sample } from './recompute.js'
import { byModel, draw, openAsStored, type StoredModel } from './stored-model.js'

export interface RecomputedUnits {
  /** Recomputed units of further experiments, out of `of`. */
  readonly units: number
  readonly of: number
  readonly rows: number
  /** Rows that are bitwise equal. */
  readonly identical: number
  readonly problems: readonly Problem[]
  /** Models whose units could not be recomputed here, and why. */
  readonly unchecked: readonly { readonly model: string; readonly units: number; readonly reason: string }[]
}

interface Unit extends UnitPlace, StoredModel {
  readonly runId: number
}

/**
 * Recomputes a sample of the complete units of the further experiments as the sweep did: in a copy of the database, it deletes a
 * unit's rows, runs the steps that the store then asks for, and compares the rows.
 */
export async function recomputeUnits(db: Database.Database, sample: Sample): Promise<RecomputedUnits> {
  const units = storedUnits(db, sample.sweepId)
  const result = { units: 0, of: units.length, rows: 0, identical: 0 }
  const problems: Problem[] = []
  const unchecked: { model: string; units: number; reason: string }[] = []
  const chosen = draw(units, sample.fraction * units.length, sample.seed)
  if (chosen.length === 0) return { ...result, problems, unchecked }

  const copy = await Copy.of(db)
  try {
    for (const { model, things: ofModel } of byModel(chosen)) {
      sample.say?.(`${model}: recomputing ${ofModel.length} units of further experiments`)
      try {
        const { engine } = await openAsStored(ofModel[0] as Unit, sample.settings)
        try {
          for (const unit of ofModel) {
            const compared = await copy.again(unit, engine)
            result.units++
            result.rows += compared.rows
            result.identical += compared.identical
            problems.push(...compared.problems)
          }
        } finally {
          await engine.close()
        }
      } catch (error) {
        if (!(error instanceof TaskvecError)) throw error
        unchecked.push({ model, units: ofModel.length, reason: describeError(error) })
      }
    }
  } finally {
    copy.remove()
  }
  return { ...result, problems, unchecked }
}

/** Each run once, even if several sweeps refer to it. */
function storedUnits(db: Database.Database, sweepId: string | undefined): Unit[] {
  return db
    .prepare(
      `select u.sweep_id as sweepId, u.model_id as model, u.experiment, u.task_id as task, u.theta_task_id as thetaTask, r.id as runId,
              m.source, r.model_hash as modelHash,
              (select p.numerics from prepared_tasks p where p.sweep_id = u.sweep_id and p.model_id = u.model_id limit 1) as numerics
       from units u join unit_runs r on r.key = u.run_key and r.complete = 1
       join sweep_models m on m.sweep_id = u.sweep_id and m.model_id = u.model_id
       where u.skipped is null and (@sweepId is null or u.sweep_id = @sweepId) group by r.id order by u.rowid`,
    )
    .all({ sweepId: sweepId ?? null }) as Unit[]
}

/** A temporary copy of the database, in which the store's own code gives a unit's steps. */
class Copy {
  static async of(db: Database.Database): Promise<Copy> {
    const folder = mkdtempSync(join(tmpdir(), 'taskvec-verify-'))
    const file = join(folder, 'copy.db')
    try {
      await db.backup(file).catch((error: unknown) =>
        guarded(file, () => {
          throw error
        }),
      )
      return new Copy(folder, file, db, new Database(file))
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  private readonly statements: Statements
  private readonly tables: readonly string[]

  private constructor(
    private readonly folder: string,
    file: string,
    private readonly original: Database.Database,
    private readonly sqlite: Database.Database,
  ) {
    this.statements = new Statements(file, sqlite)
    this.tables = unitTables(sqlite)
  }

  remove(): void {
    this.sqlite.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Recomputes a unit and compares its rows; the copy is rolled back. Errors: those of the store and the engine. */
  async again(unit: Unit, engine: Engine) {
    this.sqlite.exec('begin')
    try {
      for (const table of this.tables)
        this.statements.run(`delete from ${table} where run_id = ?`, [unit.runId])
      this.statements.run('update unit_runs set complete = 0 where id = ?', [unit.runId])
      await this.#compute(unit, engine)
      return this.#compare(unit)
    } finally {
      this.sqlite.exec('rollback')
    }
  }

  async #compute(unit: Unit, engine: Engine): Promise<void> {
    const { sweepId, model, thetaTask } = unit
    // Marking all other units as failed makes the store return steps of this unit only.
    const others = this.statements.all(
      'select experiment, task_id as task, theta_task_id as thetaTask from units where sweep_id = ? and model_id = ?',
      [sweepId, model],
    ) as UnitPlace[]
    const failed = others.map(unitName).filter((name) => name !== unitName(unit))
    const of = { sweepId, model, task: thetaTask === '' ? unit.task : '', failed }
    const next = () => nextStep(this.statements, unitKinds, of)
    for (let step = next(); step; step = next())
      recordStep(this.statements, unitKinds, step.unit, step.name, await this.#result(step.step, engine))
  }

  async #result({ activity, input, onThetas }: NextStep['step'], engine: Engine): Promise<unknown> {
    return onThetas
      ? analyses[activity]?.run(thetaReader(this.sqlite), input as AnalysisInput)
      : forwardPasses[activity]?.run(engine, input, {})
  }

  #compare(unit: Unit) {
    const problems: Problem[] = []
    let rows = 0
    let identical = 0
    const where = `${unit.sweepId} ${unit.model} ${unitName(unit).trim()}`
    for (const table of this.tables) {
      const key = rowKey(this.sqlite, table)
      const read = (db: Database.Database) =>
        db.prepare(`select * from ${table} where run_id = ?`).all(unit.runId) as Record<string, unknown>[]
      const nameOf = (row: Record<string, unknown>) =>
        key.map((column) => `${column} ${String(row[column])}`).join(', ')
      const again = new Map(read(this.sqlite).map((row) => [nameOf(row), row]))
      for (const row of read(this.original)) {
        rows++
        const name = nameOf(row)
        const now = again.get(name)
        again.delete(name)
        const differing = now ? differingColumn(row, now) : null
        if (!now) problems.push({ where, message: `${table}, ${name}: is missing when recomputed` })
        else if (differing === null)
          identical += Number(
            Object.keys(row).every((column) => difference(row[column], now[column]) === 'none'),
          )
        else
          problems.push({
            where,
            message: `${table}, ${name}: ${differing} is ${shown(row[differing])} in the file, but ${shown(now[differing])} when recomputed`,
          })
      }
      for (const name of again.keys())
        problems.push({ where, message: `${table}, ${name}: is missing in the file` })
    }
    return { rows, identical, problems }
  }
}

/** Ranks, counts and histograms depend on last bits: they may differ only if a number of the row differs by rounding. */
const derived = /rank|^top\d|histogram|^correct/

function differingColumn(row: Record<string, unknown>, now: Record<string, unknown>): string | null {
  const rounded = Object.keys(row).some((column) => difference(row[column], now[column]) === 'rounding')
  const differs = (column: string) =>
    difference(row[column], now[column]) === 'value' && !(rounded && derived.test(column))
  return Object.keys(row).find(differs) ?? null
}
