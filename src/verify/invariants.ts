import type Database from 'better-sqlite3'
import { describeMissing, isComplete, missingOf } from '../store/completeness.js'
import { unitKinds } from '../experiments/catalog.js'
import { Statements } from '../store/statements.js'
import { storedRows } from '../store/stored-rows.js'
import type { Check, Problem } from './check.js'
import { contents } from './content-checks.js'
import { bestLayers, cellScores, counts, judgements, keys, taskVectors } from './run-checks.js'

export interface CheckResult {
  readonly check: string
  /** Number of rows, runs or other things checked. */
  readonly checked: number
  readonly problems: readonly Problem[]
}

const checks: Readonly<Record<string, Check>> = {
  'file integrity': file,
  'hashes of configs, items and pairs': contents,
  'counts of runs': counts,
  'scores of cells': cellScores,
  'judgements of predictions': judgements,
  'keys of runs': keys,
  'best layers': bestLayers,
  'task vectors': taskVectors,
  'completeness of sweeps': completeness,
  'further experiments': furtherExperiments,
}

/** Recomputes everything that follows from other rows: hashes, keys, counts, scores, best layers, completeness. Read-only. */
export function checkInvariants(db: Database.Database): CheckResult[] {
  return Object.entries(checks).map(([check, run]) => {
    const problems: Problem[] = []
    let checked = 0
    try {
      for (const problem of run(db)) {
        checked++
        if (problem) problems.push(problem)
      }
    } catch (error) {
      // A damaged page or text that is no longer JSON: the rest of this check cannot run.
      problems.push({ where: check, message: `cannot be read: ${(error as Error).message}` })
    }
    return { check, checked, problems }
  })
}

function* file(db: Database.Database): Generator<Problem | null> {
  for (const { integrity_check: said } of db.pragma('integrity_check') as { integrity_check: string }[])
    yield said === 'ok' ? null : { where: 'integrity_check', message: said }
  for (const { table, rowid, parent } of db.pragma('foreign_key_check') as Record<string, string>[])
    yield { where: `${table} row ${rowid}`, message: `refers to a missing row of ${parent}` }
}

function* completeness(db: Database.Database): Generator<Problem | null> {
  const sweeps = db.prepare("select id from sweeps where status = 'complete'").pluck().all() as string[]
  for (const id of sweeps) {
    const missing = missingOf(
      (sql, values) =>
        db
          .prepare(sql)
          .pluck()
          .get(...values),
      id,
    )
    yield isComplete(missing)
      ? null
      : { where: `sweep ${id}`, message: `marked complete, but ${describeMissing(missing)}` }
  }
}

function* furtherExperiments(db: Database.Database): Generator<Problem | null> {
  const statements = new Statements(db.name, db)
  const rows = db
    .prepare(
      `select r.id, r.experiment, r.key,
              (select count(*) from units u where u.run_key = r.key and u.experiment <> r.experiment) as others,
              (select count(*) from thetas t join models m on m.content_hash = r.model_hash
               where t.run_id = r.id and length(t."values") <> 4 * m.d_model) as misshapen
       from unit_runs r where r.complete = 1`,
    )
    .all() as { id: number; experiment: string; key: string; others: number; misshapen: number }[]
  for (const { id, experiment, key, others, misshapen } of rows) {
    const where = `${experiment} ${key.slice(0, 12)}`
    const kind = unitKinds[experiment]
    const stored = storedRows(statements, id)
    const wrong = kind?.check?.(stored) ?? null
    if (!kind) yield { where, message: 'unknown to this version of taskvec' }
    else if (!stored.has(kind.table)) yield { where, message: 'marked complete, but has no rows' }
    else if (others > 0) yield { where, message: 'another experiment refers to it' }
    else if (misshapen > 0) yield { where, message: `${misshapen} θ do not have the model's d_model` }
    else yield wrong === null ? null : { where, message: wrong }
  }
}
