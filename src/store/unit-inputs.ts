import type { Item, Pair, Protocol, Split, TaskSpec } from '../domain/types.js'
import type { Score, TaskStep, Thetas } from '../domain/experiments.js'
import { TaskvecError } from '../domain/errors.js'
import { resolveTask } from '../tasks/registry.js'
import type { Population } from '../tasks/sampling.js'
import { itemOf, type PreparedRow, type StoredItem } from './content.js'
import type { Statements } from './statements.js'

/** What the further experiments take from the main one, and rows that several of them write. */

export interface Prepared {
  readonly row: PreparedRow & { readonly pairs_hash: string | null; readonly category: string }
  readonly protocol: Protocol
  readonly blocks: number
  readonly dModel: number
  /** The lowest L with the highest dev accuracy. */
  readonly bestLayer: number
}

/** Errors: TASK where the task is not in the sweep, or its main experiment has not ended. */
export function preparedTask(db: Statements, sweepId: string, model: string, task: string): Prepared {
  const row = db.row('select * from prepared_tasks where sweep_id = ? and model_id = ? and task_id = ?', [
    sweepId,
    model,
    task,
  ]) as Prepared['row'] | undefined
  if (!row || row.best_layer === null) {
    const known = db.pluck('select 1 from sweep_tasks where sweep_id = ? and task_id = ?', [sweepId, task])
    throw new TaskvecError(
      'TASK',
      known === undefined ? `${task} is not among the sweep's tasks` : `${task}: its main experiment failed`,
    )
  }
  const { blocks, dModel } = db.row('select blocks, d_model as dModel from models where content_hash = ?', [
    row.model_hash,
  ]) as { blocks: number; dModel: number }
  const protocol = db.pluck('select protocol from sweeps where id = ?', [sweepId]) as string
  return { row, protocol: JSON.parse(protocol) as Protocol, blocks, dModel, bestLayer: row.best_layer }
}

/** What the task's items were drawn from. Errors: TASK where they were given one by one. */
export function populationOf(db: Statements, sweepId: string, task: string, { row }: Prepared): Population {
  if (row.pairs_hash !== null) {
    const pairs = db.all(
      'select input, output, accept from task_pairs where pairs_hash = ? order by position',
      [row.pairs_hash],
    ) as { input: string; output: string; accept: string }[]
    return pairs.map((pair): Pair => ({ ...pair, accept: JSON.parse(pair.accept) as string[] }))
  }
  const spec = db.pluck('select spec from sweep_tasks where sweep_id = ? and task_id = ?', [sweepId, task])
  const resolved = resolveTask(JSON.parse(spec as string) as TaskSpec)
  if (resolved.kind === 'generated') return resolved
  throw new TaskvecError('TASK', `${task}: its items are given one by one, so none can be drawn`)
}

/** The first n items of a split (-1: all), as the main experiment used them. */
export function firstItems(db: Statements, { row }: Prepared, split: Split, n: number): Item[] {
  const hash = { baseline: row.baseline_items, dev: row.dev_items, test: row.test_items }[split]
  const rows = db.all('select * from items where items_hash = ? order by item limit ?', [hash, n])
  return (rows as StoredItem[]).map(itemOf)
}

/** What every step on one task's items takes. */
export function taskStep(
  { model, task }: { readonly model: string; readonly task: string },
  { row }: Prepared,
  items: readonly Item[],
): TaskStep {
  return { model, modelHash: row.model_hash, numerics: row.numerics, task, scoring: row.scoring, items }
}

/** What every key of one task's unit holds. */
export function commonIdentity({ row }: Prepared) {
  return { numerics: JSON.parse(row.numerics) as unknown, scoring: row.scoring }
}

export function allLayers({ blocks }: Prepared): number[] {
  return Array.from({ length: blocks }, (_, layer) => layer)
}

export function saveScores(db: Statements, runId: number, scores: readonly Score[]): void {
  for (const score of scores)
    db.run(
      `insert into unit_scores (run_id, task_id, setting, layer, source_layer, items, correct, answer_log_prob, answer_rank, answer_logit_difference)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
      [
        runId,
        score.task ?? '',
        score.setting,
        score.layer,
        score.sourceLayer,
        score.items,
        score.correct,
        score.answerLogProb,
        score.answerRank,
        score.answerLogitDifference,
      ],
    )
}

export function saveThetas(db: Statements, runId: number, { firstItem, layers, base64 }: Thetas): void {
  const bytes = Buffer.from(base64, 'base64')
  const { dModel } = db.row(
    'select d_model as dModel from models m join unit_runs r on r.model_hash = m.content_hash where r.id = ?',
    [runId],
  ) as { dModel: number }
  const size = 4 * dModel
  for (let vector = 0; vector * size < bytes.length; vector++)
    db.run('insert into thetas (run_id, layer, item, "values") values (?, ?, ?, ?) on conflict do nothing', [
      runId,
      layers[vector % layers.length],
      firstItem + Math.floor(vector / layers.length),
      bytes.subarray(vector * size, (vector + 1) * size),
    ])
}

/** Bytes of vectors in one payload: as base64 within Temporal's 2 MiB. */
const maxVectorBytes = 1_000_000

/** (layers, items) cut into parts that fit a payload each. */
export function thetaParts(
  layers: readonly number[],
  items: number,
  dModel: number,
): { readonly layers: readonly number[]; readonly first: number; readonly end: number }[] {
  const vectors = Math.max(1, Math.floor(maxVectorBytes / (4 * dModel)))
  const layersAtOnce = Math.min(layers.length, vectors)
  const itemsAtOnce = Math.max(1, Math.floor(vectors / layersAtOnce))
  const parts = []
  for (let l = 0; l < layers.length; l += layersAtOnce)
    for (let first = 0; first < items; first += itemsAtOnce)
      parts.push({
        layers: layers.slice(l, l + layersAtOnce),
        first,
        end: Math.min(items, first + itemsAtOnce),
      })
  return parts
}

/** The first part whose θ are not stored. */
export function missingPart(db: Statements, runId: number, parts: ReturnType<typeof thetaParts>) {
  return parts.find(
    ({ layers, first }) =>
      db.pluck('select 1 from thetas where run_id = ? and layer = ? and item = ?', [
        runId,
        layers[0],
        first,
      ]) === undefined,
  )
}

/** Complete runs of an experiment, one per task of the model in the sweep, in the config's order. */
export function thetaRuns(
  db: Statements,
  { sweepId, model }: { readonly sweepId: string; readonly model: string },
  experiment: string,
) {
  return db.all(
    `select u.task_id as task, r.id as runId, r.key, r.model_hash as modelHash from units u
     join unit_runs r on r.key = u.run_key and r.complete = 1
     join sweep_tasks t on t.sweep_id = u.sweep_id and t.task_id = u.task_id
     where u.sweep_id = ? and u.model_id = ? and u.experiment = ? order by t.position`,
    [sweepId, model, experiment],
  ) as { task: string; runId: number; key: string; modelHash: string }[]
}

/** Errors: TASK where fewer than two tasks have θ. */
export function analysisOf(
  db: Statements,
  place: { readonly sweepId: string; readonly model: string },
  experiment: string,
) {
  const runs = thetaRuns(db, place, experiment)
  const modelHash = runs[0]?.modelHash
  if (runs.length < 2 || modelHash === undefined)
    throw new TaskvecError('TASK', `θ of ${runs.length} tasks are stored; two at least are needed`)
  const { seed } = JSON.parse(
    db.pluck('select protocol from sweeps where id = ?', [place.sweepId]) as string,
  ) as Protocol
  return {
    modelHash,
    seed,
    thetas: runs.map(({ task, runId }) => ({ task, runId })),
    of: runs.map(({ task, key }) => ({ task, key })),
  }
}

export function hasRows(db: Statements, table: string, runId: number): boolean {
  return db.pluck(`select 1 from ${table} where run_id = ? limit 1`, [runId]) !== undefined
}
