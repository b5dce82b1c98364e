import { cutItems, type ItemPart } from '../domain/item-parts.js'
import { predictionSize } from '../domain/payloads.js'
import { readNumerics } from '../domain/numerics.js'
import type { GivenTheta, RunResult } from '../domain/types.js'
import { insertPrediction, itemOf, itemHashes, keyOf, type PreparedRow, type StoredItem } from './content.js'
import { readScoring } from '../tasks/scoring.js'
import { preparedTask, type TaskPlace } from './prepared-tasks.js'
import type { Statements } from './statements.js'
import { type Work, baseline, devWork, testWork, type TaskPart } from './task-work.js'

export interface RecordPartInput extends TaskPlace {
  readonly layersTogether: readonly number[]
  readonly first: number
  readonly runs: readonly RunResult[]
  readonly seconds: number
  readonly computedBy: string
  readonly thetaSum?: string
  readonly theta?: { readonly layer: number; readonly base64: string }
}

/** Predictions of one activity, some 65 bytes each. */
const mostPredictions = 8_000

/** FLOP of one activity of a small model: about a minute on one core. */
const mostFlops = 60 * 30e9

/** Bytes of a token's text, about. */
const bytesPerToken = 3

/** Items of one activity, as JSON. */
export const largestPart = 200_000

const partial = (key: string) => `partial ${key}`

/** Payload bytes of each item of a split, in order. */
export function itemSizes(db: Statements, itemsHash: string): number[] {
  const rows = db.all(
    `select length(cast(demonstrations as blob)) + length(cast(query as blob)) + length(cast(answer as blob))
       + length(cast(accept as blob)) + length(cast(dummy_queries as blob)) + coalesce(length(cast(prompt as blob)), 0) + 80 as bytes
     from items where items_hash = ? order by item`,
    [itemsHash],
  ) as { bytes: number }[]
  return rows.map(({ bytes }) => bytes)
}

/** The first part of baseline or dev that is neither stored nor in progress; null if none. */
export function nextPart(db: Statements, place: TaskPlace, under: readonly string[]): TaskPart | null {
  const row = preparedTask(db, place)
  for (const work of [baseline, ...devWork(db, place)]) {
    const part = missing(db, place, row, work, under)
    if (part) return part
  }
  return null
}

/** The first part of the test split that is not stored; null if none. Sequential, since each part adds to the sum of θ. */
export function nextTestPart(db: Statements, place: TaskPlace): TaskPart | null {
  const row = preparedTask(db, place)
  return missing(db, place, row, testWork(row), [])
}

/** Stores a part's predictions; the last part completes its runs. Does nothing if the part is stored already. */
export function recordPart(db: Statements, input: RecordPartInput): void {
  const row = preparedTask(db, input)
  for (const run of input.runs) {
    const key = keyOf(row, run, input.layersTogether)
    if (stored(db, key) !== undefined) continue
    const id = partialRun(db, row, run, key)
    if (db.pluck('select 1 from predictions where run_id = ? and item = ?', [id, input.first])) continue
    const { tokens, correct } = run.predictions
    tokens.forEach((_, i) => insertPrediction(db, id, input.first + i, run.predictions, i))
    db.run('update runs set items = items + ?, correct = correct + ? where id = ?', [
      tokens.length,
      correct.filter(Boolean).length,
      id,
    ])
    const vector = input.theta?.base64 ?? input.thetaSum
    if (vector !== undefined && run.kind === 'hypothesis' && run.split === 'test')
      db.run(
        `insert into task_vectors (run_id, layer, "values") values (?, ?, ?) on conflict do update set "values" = excluded."values"`,
        [id, run.layer, Buffer.from(vector, 'base64')],
      )
    db.run(
      'update runs set key = ? where id = ? and items = (select count(*) from items where items_hash = runs.items_hash)',
      [key, id],
    )
  }
  const work = [input.runs[0]?.split ?? '', input.layersTogether.join(',')].join(' ').trim()
  db.run(
    `insert into timings (sweep_id, model_id, task_id, work, engine_seconds, computed_by, finished_at) values (?, ?, ?, ?, ?, ?, ?)
     on conflict do update set engine_seconds = engine_seconds + excluded.engine_seconds, finished_at = excluded.finished_at`,
    [
      ...[input.sweepId, input.model, input.task, work, input.seconds, input.computedBy],
      new Date().toISOString(),
    ],
  )
}

function missing(
  db: Statements,
  place: TaskPlace,
  row: PreparedRow,
  work: Work,
  under: readonly string[],
): TaskPart | null {
  const keys = work.runs.map((run) => keyOf(row, run, work.layersTogether))
  if (keys.every((key) => stored(db, key) !== undefined)) return null
  const itemsHash = itemHashes(row)[work.split]
  const parts = partsOf(db, row, itemsHash, work)
  const ids = keys.map((key) => stored(db, key) ?? stored(db, partial(key)))
  const has = (first: number) =>
    ids.every(
      (id) =>
        id !== undefined &&
        db.pluck('select 1 from predictions where run_id = ? and item = ?', [id, first]) !== undefined,
    )
  for (const { first, end } of parts) {
    const name = [work.split, work.layersTogether.join(','), first].join(' ')
    if (under.includes(name) || has(first)) continue
    const rows = db.all('select * from items where items_hash = ? and item >= ? and item < ? order by item', [
      ...[itemsHash, first, end],
    ]) as StoredItem[]
    const sum =
      work.split === 'test' && first > 0 && !row.theta ? thetaSum(db, ids.at(-1) as number) : undefined
    return {
      name,
      activity: work.activity,
      modelHash: row.model_hash,
      numerics: row.numerics,
      scoring: row.scoring,
      items: rows.map(itemOf),
      layersTogether: work.layersTogether,
      ...(row.theta && work.split !== 'baseline' ? { theta: thetaOf(db, place) } : {}),
      part: {
        first,
        of: parts.at(-1)?.end ?? end,
        ...(sum === undefined ? {} : { thetaSum: sum }),
      },
    }
  }
  return null
}

function thetaOf(db: Statements, { sweepId, task }: TaskPlace): GivenTheta {
  const sql = "select spec ->> '$.theta' from sweep_tasks where sweep_id = ? and task_id = ?"
  return JSON.parse(db.pluck(sql, [sweepId, task]) as string) as GivenTheta
}

export function thetaSum(db: Statements, runId: number): string {
  return (db.pluck('select "values" from task_vectors where run_id = ?', [runId]) as Buffer).toString(
    'base64',
  )
}

/** Recently computed parts of splits, since parts are requested one after another. */
const cuts = new Map<string, ItemPart[]>()

function partsOf(db: Statements, row: PreparedRow, itemsHash: string, { runs, split }: Work): ItemPart[] {
  const name = [db.file, row.model_hash, row.numerics, row.scoring, itemsHash, split, runs.length].join(' ')
  const known = cuts.get(name)
  if (known) return known
  const { itemsPerChunk, weights } = readNumerics(row.numerics)
  const sizes = itemSizes(db, itemsHash)
  const { parameters } = db.row('select parameters from models where content_hash = ?', [row.model_hash]) as {
    parameters: number
  }
  const bytes = sizes.reduce((a, b) => a + b, 0) / Math.max(1, sizes.length)
  const { answer } = readScoring(row.scoring)
  const size = predictionSize(answer)
  const flopsPerItem = 2 * parameters * ((2 * bytes) / bytesPerToken + runs.length * (answer?.maxTokens ?? 1))
  // A large model may be streamed from disk for each part, so its parts are not limited by work; a pass saves checkpoints.
  const byWork = weights === undefined ? Math.floor(mostFlops / flopsPerItem) : Infinity
  const most = {
    items: Math.min(byWork, Math.floor(mostPredictions / size / runs.length)),
    bytes: largestPart,
  }
  const parts = cutItems(sizes, itemsPerChunk, most)
  if (cuts.size > 20) cuts.clear()
  cuts.set(name, parts)
  return parts
}

function stored(db: Statements, key: string): number | undefined {
  return db.pluck('select id from runs where key = ?', [key]) as number | undefined
}

function partialRun(db: Statements, row: PreparedRow, run: RunResult, key: string): number {
  const { kind, split, layer } = run
  db.run(
    `insert into runs (key, model_hash, kind, split, layer, items_hash, numerics, items, correct) values (?, ?, ?, ?, ?, ?, ?, 0, 0) on conflict do nothing`,
    [partial(key), row.model_hash, kind, split, layer, itemHashes(row)[split], row.numerics],
  )
  return stored(db, partial(key)) as number
}
