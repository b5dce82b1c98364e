import type Database from 'better-sqlite3'
import { bestOf } from '../domain/best-layer.js'
import { canonicalJson } from '../domain/identity.js'
import type { RunKind, Scoring, Split } from '../domain/types.js'
import { keyOf, type PreparedRow } from '../store/content.js'
import { thetaKey } from '../store/prepared-tasks.js'
import { decidedByToken } from '../experiments/judge.js'
import { isCorrect, readScoring } from '../tasks/scoring.js'
import type { Problem } from './check.js'

/** Checks of everything in the main experiment's runs that follows from other rows. */

interface RunRow {
  readonly id: number
  readonly key: string
  readonly kind: RunKind
  readonly split: Split
  readonly layer: number | null
}

export function* counts(db: Database.Database): Generator<Problem | null> {
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
      yield { where: nameOf(row), message: `${correct} correct, but its predictions count ${right}` }
    else yield null
  }
}

export function* cellScores(db: Database.Database): Generator<Problem | null> {
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
      : { where: place, message: `${correct} of ${items} correct, but its run has ${right} of ${stored}` }
}

export function* judgements(db: Database.Database): Generator<Problem | null> {
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
    const { rule } = readScoring(run.scoring)
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
      const right = decidedByToken(rule, text)
        ? rightByRank(row, accept)
        : isCorrect({ scoring: rule, prediction: text, answer, accept })
      const where = `${nameOf(run)}, item ${row.item}`
      if (right !== (row.correct === 1))
        yield {
          where,
          message: `${JSON.stringify(text)} for ${JSON.stringify(answer)} is stored as ${right ? 'wrong' : 'correct'}`,
        }
      // Rank 1 means that no logit is higher; in a tie, either rank is possible.
      else if (difference !== null && difference !== 0 && difference > 0 !== (row.rank === 1))
        yield { where, message: `rank ${row.rank} with a logit difference of ${difference}` }
      else yield null
    }
  }
}

/**
 * The judgement that follows from the rank, if the first token decides. Where it does not follow (in a tie, or if another accepted
 * answer may begin with the token), the stored judgement.
 */
function rightByRank(
  row: { readonly correct: number; readonly rank: number; readonly difference: number | null },
  accept: readonly string[],
): boolean {
  const silent = row.rank === 1 ? row.difference === 0 : accept.length > 0
  return silent ? row.correct === 1 : row.rank === 1
}

type Pointer = PreparedRow & Record<'sweep_id' | 'model_id' | 'task_id' | 'run_key', string>

export function* keys(db: Database.Database): Generator<Problem | null> {
  const prepared =
    'join prepared_tasks p on p.sweep_id = a.sweep_id and p.model_id = a.model_id and p.task_id = a.task_id'
  const given = givenThetas(db)
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
    row = { ...row, theta: given.get(`${row.sweep_id} ${row.task_id}`) ?? null }
    const where = `${row.sweep_id} ${row.model_id} ${row.task_id} ${split} ${kind}${layer === null ? '' : ` L = ${layer}`}`
    if (keyOf(row, { kind, split, layer }, together) !== row.run_key)
      return { where, message: 'its key does not match its content' }
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
      return { where, message: 'its key belongs to another run' }
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

/** The part of keys for θ given by the config, by sweep and task. */
function givenThetas(db: Database.Database): ReadonlyMap<string, string> {
  const rows = db
    .prepare(
      `select t.sweep_id || ' ' || t.task_id as place, ${thetaKey} as theta from sweep_tasks t where t.spec like '%"theta":{%'`,
    )
    .all() as { place: string; theta: string | null }[]
  return new Map(rows.flatMap(({ place, theta }) => (theta === null ? [] : [[place, theta] as const])))
}

export function* bestLayers(db: Database.Database): Generator<Problem | null> {
  const cells = db.prepare(
    `select c.layer, r.correct from cells c join runs r on r.key = c.run_key
     where c.sweep_id = ? and c.model_id = ? and c.task_id = ?`,
  )
  const tasks = db
    .prepare(
      'select sweep_id as sweep, model_id as model, task_id as task, best_layer as chosen from prepared_tasks where best_layer is not null',
    )
    .all() as { sweep: string; model: string; task: string; chosen: number }[]
  for (const { sweep, model, task, chosen } of tasks) {
    const dev = cells.all(sweep, model, task) as { layer: number; correct: number }[]
    const best = bestOf(dev, ({ correct }) => correct)?.layer ?? null
    yield chosen === best
      ? null
      : {
          where: `${sweep} ${model} ${task}`,
          message: `best L is ${chosen}, but the lowest with the highest dev accuracy is ${best}`,
        }
  }
}

export function* taskVectors(db: Database.Database): Generator<Problem | null> {
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
        message: `its task vector has ${vector.length / 4} values and L = ${taken}; expected ${dModel} and L = ${row.layer}`,
      }
    else
      yield new Float32Array(new Uint8Array(vector).buffer).every(Number.isFinite)
        ? null
        : { where, message: 'its task vector has values that are not finite' }
  }
}

function nameOf({ key, kind, split, layer }: RunRow): string {
  return `run ${key.slice(0, 12)} (${split} ${kind}${layer === null ? '' : `, L = ${layer}`})`
}
