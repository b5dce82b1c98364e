import type Database from 'better-sqlite3'
import { sweepId, type SweepConfig } from '../config/sweep-config.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import type { RunKind, Scoring, Split } from '../domain/types.js'
import { describeMissing, isComplete, missingOf } from '../store/completeness.js'
import { itemOf, keyOf, type PreparedRow, type StoredItem } from '../store/content.js'
import { unitTables } from '../store/unit-tables.js'
import { isCorrect } from '../tasks/scoring.js'

/** Something in the database that cannot be as it was written. */
export interface Problem {
  readonly where: string
  readonly message: string
}

export interface CheckResult {
  readonly check: string
  /** Rows, runs or other things looked at. */
  readonly checked: number
  readonly problems: readonly Problem[]
}

/** Yields null for everything that is as it should be. */
type Check = (db: Database.Database) => Generator<Problem | null>

const checks: Readonly<Record<string, Check>> = {
  'the file, page by page': file,
  'configs, items and pairs under their hashes': contents,
  'counts of every run': counts,
  'what cells say of their runs': cellScores,
  'right or wrong of every prediction': judgements,
  'keys of what sweeps point at': keys,
  'best layers': bestLayers,
  'task vectors': taskVectors,
  'what is called complete': completeness,
  'further experiments': furtherExperiments,
}

/** Recomputes all that follows from other rows: hashes, keys, counts, scores, best layers, verdicts. Reads only. */
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
      // A damaged page, or text that is no JSON any more: nothing behind it can be checked.
      problems.push({ where: check, message: `cannot be read: ${(error as Error).message}` })
    }
    return { check, checked, problems }
  })
}

function* file(db: Database.Database): Generator<Problem | null> {
  for (const { integrity_check: said } of db.pragma('integrity_check') as { integrity_check: string }[])
    yield said === 'ok' ? null : { where: 'integrity_check', message: said }
  for (const { table, rowid, parent } of db.pragma('foreign_key_check') as Record<string, string>[])
    yield { where: `${table} row ${rowid}`, message: `refers to a row of ${parent} that is not there` }
}

function* contents(db: Database.Database): Generator<Problem | null> {
  for (const { id, config, protocol } of db
    .prepare('select id, config, protocol from sweeps')
    .all() as Record<string, string>[]) {
    JSON.parse(protocol as string) // every command reads it
    const hashed = sweepId(JSON.parse(config as string) as SweepConfig)
    yield hashed === id ? null : { where: `sweep ${id}`, message: `its config is that of ${hashed}` }
  }
  const items = db.prepare('select * from items order by items_hash, item').iterate() as Iterable<
    Record<string, string>
  >
  yield* hashes('items', items, 'items_hash', (row) => itemOf(row as unknown as StoredItem))
  const pairs = db.prepare('select * from task_pairs order by pairs_hash, position').iterate() as Iterable<
    Record<string, string>
  >
  yield* hashes('pairs', pairs, 'pairs_hash', (row) => ({
    input: row['input'],
    output: row['output'],
    accept: json(row['accept']),
  }))
}

/** Rows of one hash stand together; what they say must have that hash. */
function* hashes(
  what: string,
  rows: Iterable<Record<string, string>>,
  column: string,
  value: (row: Record<string, string>) => unknown,
): Generator<Problem | null> {
  let hash: string | undefined
  let values: unknown[] = []
  const check = () =>
    sha256(canonicalJson(values)) === hash
      ? null
      : { where: `${what} ${hash?.slice(0, 12)}`, message: 'are not what their hash says' }
  for (const row of rows) {
    if (hash !== undefined && row[column] !== hash) {
      yield check()
      values = []
    }
    hash = row[column]
    values.push(value(row))
  }
  if (hash !== undefined) yield check()
}

interface RunRow {
  readonly id: number
  readonly key: string
  readonly kind: RunKind
  readonly split: Split
  readonly layer: number | null
}

function* counts(db: Database.Database): Generator<Problem | null> {
  const rows = db
    .prepare(
      `select r.id, r.key, r.kind, r.split, r.layer, r.items, r.correct, count(p.item) as stored, total(p.correct) as right,
              coalesce(max(p.item), -1) + 1 as range, (select count(*) from items i where i.items_hash = r.items_hash) as expected
       from runs r left join predictions p on p.run_id = r.id group by r.id`,
    )
    .iterate() as Iterable<
    RunRow & Record<'items' | 'correct' | 'stored' | 'right' | 'range' | 'expected', number>
  >
  for (const row of rows) {
    const { items, correct, stored, right, range, expected } = row
    if (items !== expected || stored !== expected || range !== expected)
      yield {
        where: nameOf(row),
        message: `${stored} predictions of ${items} items, of which ${expected} are stored`,
      }
    else if (correct !== right)
      yield { where: nameOf(row), message: `${correct} right, but its predictions count ${right}` }
    else yield null
  }
}

function* cellScores(db: Database.Database): Generator<Problem | null> {
  const rows = db
    .prepare(
      `select c.sweep_id || ' ' || c.model_id || ' ' || c.task_id || ' L = ' || c.layer as place, c.correct, c.items,
              r.correct as right, r.items as stored from cells c left join runs r on r.key = c.run_key`,
    )
    .iterate() as Iterable<
    { place: string } & Record<'correct' | 'items' | 'right' | 'stored', number | null>
  >
  for (const { place, correct, items, right, stored } of rows)
    yield correct === right && items === stored
      ? null
      : { where: place, message: `${correct} of ${items} right, but its run says ${right} of ${stored}` }
}

function* judgements(db: Database.Database): Generator<Problem | null> {
  const runs = db
    .prepare(
      `select r.*, p.scoring from runs r join (select run_key, scoring from all_runs a
         join prepared_tasks t on t.sweep_id = a.sweep and t.model_id = a.model and t.task_id = a.task group by run_key) p on p.run_key = r.key`,
    )
    .all() as (RunRow & { scoring: Scoring; items_hash: string })[]
  const predictions = db.prepare(
    `select p.item, p.text, p.correct, p.answer_rank as rank, p.answer_logit_difference as difference, i.answer, i.accept
     from predictions p join items i on i.items_hash = ? and i.item = p.item where p.run_id = ? order by p.item`,
  )
  for (const run of runs) {
    for (const row of predictions.iterate(run.items_hash, run.id) as Iterable<{
      item: number
      text: string
      correct: number
      rank: number
      difference: number | null
      answer: string
      accept: string
    }>) {
      const { text, answer, difference } = row
      const accept = JSON.parse(row.accept) as string[]
      const right = isCorrect({ scoring: run.scoring, prediction: text, answer, accept })
      const where = `${nameOf(run)}, item ${row.item}`
      if (right !== (row.correct === 1))
        yield {
          where,
          message: `${JSON.stringify(text)} for ${JSON.stringify(answer)} is stored as ${right ? 'wrong' : 'right'}`,
        }
      // The likeliest token's logit is above all others: a tie may be either.
      else if (difference !== null && difference !== 0 && difference > 0 !== (row.rank === 1))
        yield { where, message: `rank ${row.rank} with a logit difference of ${difference}` }
      else yield null
    }
  }
}

type Pointer = PreparedRow & Record<'sweep_id' | 'model_id' | 'task_id' | 'run_key', string>

function* keys(db: Database.Database): Generator<Problem | null> {
  const prepared =
    'join prepared_tasks p on p.sweep_id = a.sweep_id and p.model_id = a.model_id and p.task_id = a.task_id'
  const run = db.prepare(
    'select kind, split, layer, model_hash, items_hash, numerics from runs where key = ?',
  )
  const check = (
    row: Pointer,
    kind: RunKind,
    split: Split,
    layer: number | null,
    together: readonly number[],
  ) => {
    const where = `${row.sweep_id} ${row.model_id} ${row.task_id} ${split} ${kind}${layer === null ? '' : ` L = ${layer}`}`
    if (keyOf(row, { kind, split, layer }, together) !== row.run_key)
      return { where, message: 'its key is not the hash of what determines it' }
    const stored = run.get(row.run_key) as Record<string, unknown> | undefined
    const itemsHash = { baseline: row.baseline_items, dev: row.dev_items, test: row.test_items }[split]
    const expected = {
      kind,
      split,
      layer,
      model_hash: row.model_hash,
      items_hash: itemsHash,
      numerics: row.numerics,
    }
    if (stored && canonicalJson(stored) !== canonicalJson(expected))
      return { where, message: 'the run under its key is another one' }
    return null
  }
  for (const row of db
    .prepare(`select p.*, a.layer, a.layers_together as together, a.run_key from cells a ${prepared}`)
    .iterate() as Iterable<Pointer & { layer: number; together: string }>)
    yield check(row, 'hypothesis', 'dev', row.layer, row.together.split(',').map(Number))
  for (const row of db
    .prepare(`select p.*, a.kind, a.run_key from sweep_runs a ${prepared}`)
    .iterate() as Iterable<Pointer & { kind: RunKind }>) {
    const best = row.best_layer ?? -1
    yield row.kind === 'baseline'
      ? check(row, 'baseline', 'baseline', null, [])
      : check(row, row.kind, 'test', row.kind === 'hypothesis' ? best : null, [best])
  }
}

function* bestLayers(db: Database.Database): Generator<Problem | null> {
  const rows = db
    .prepare(
      `select p.sweep_id || ' ' || p.model_id || ' ' || p.task_id as place, p.best_layer as chosen,
              (select c.layer from cells c join runs r on r.key = c.run_key
               where c.sweep_id = p.sweep_id and c.model_id = p.model_id and c.task_id = p.task_id
               order by r.correct desc, c.layer limit 1) as best
       from prepared_tasks p where p.best_layer is not null`,
    )
    .iterate() as Iterable<{ place: string; chosen: number; best: number | null }>
  for (const { place, chosen, best } of rows)
    yield chosen === best
      ? null
      : {
          where: place,
          message: `best L is ${chosen}, but the lowest with the highest dev accuracy is ${best}`,
        }
}

function* taskVectors(db: Database.Database): Generator<Problem | null> {
  const rows = db
    .prepare(
      `select r.*, v.layer as taken, v."values" as vector, m.d_model as dModel from runs r
       join models m on m.content_hash = r.model_hash left join task_vectors v on v.run_id = r.id
       where r.kind = 'hypothesis' and r.split = 'test'`,
    )
    .iterate() as Iterable<RunRow & { taken: number | null; vector: Buffer | null; dModel: number }>
  for (const row of rows) {
    const { vector, taken, dModel } = row
    const where = nameOf(row)
    if (vector === null) yield { where, message: 'has no task vector' }
    else if (vector.length !== 4 * dModel || taken !== row.layer)
      yield {
        where,
        message: `its task vector has ${vector.length / 4} numbers of L = ${taken}; the model has ${dModel}`,
      }
    else
      yield new Float32Array(new Uint8Array(vector).buffer).every(Number.isFinite)
        ? null
        : { where, message: 'its task vector holds values that are not numbers' }
  }
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
      : { where: `sweep ${id}`, message: `called complete: ${describeMissing(missing)}` }
  }
}

/** Tables whose rows stand beside another table's of the same run: they alone make no result. */
const companions = ['theta_points', 'projection_scores']

function* furtherExperiments(db: Database.Database): Generator<Problem | null> {
  const anyRow = unitTables(db)
    .filter((table) => !companions.includes(table))
    .map((table) => `exists (select 1 from ${table} where run_id = r.id)`)
    .join(' or ')
  const rows = db
    .prepare(
      `select r.id, r.experiment, r.key, (${anyRow}) as rows,
              (select count(*) from units u where u.run_key = r.key and u.experiment <> r.experiment) as others,
              (select count(*) from thetas t join models m on m.content_hash = r.model_hash
               where t.run_id = r.id and length(t."values") <> 4 * m.d_model) as misshapen,
              (select total(kind = 'regular') <> total(kind = 'conflicting') from conflicting_predictions where run_id = r.id) as unpaired
       from unit_runs r where r.complete = 1`,
    )
    .iterate() as Iterable<
    Record<'experiment' | 'key', string> & Record<'rows' | 'others' | 'misshapen' | 'unpaired', number>
  >
  for (const { experiment, key, rows: has, others, misshapen, unpaired } of rows) {
    const where = `${experiment} ${key.slice(0, 12)}`
    if (!has) yield { where, message: 'called complete, but has no rows' }
    else if (others > 0) yield { where, message: 'another experiment points at it' }
    else if (misshapen > 0) yield { where, message: `${misshapen} θ are not of the model's size` }
    else yield unpaired ? { where, message: 'not as many regular as conflicting predictions' } : null
  }
}

function nameOf({ key, kind, split, layer }: RunRow): string {
  return `run ${key.slice(0, 12)} (${split} ${kind}${layer === null ? '' : `, L = ${layer}`})`
}

function json(text: string | undefined): unknown {
  return JSON.parse(text ?? 'null')
}
