import { TaskvecError } from '../domain/errors.js'
import type { UnitPlace } from '../domain/unit-place.js'
import type { PromptFormat, Protocol, TaskSpec } from '../domain/types.js'
import type { FinishedTask, PlanContext, UnitRun } from '../experiments/experiment.js'
import { promptName } from '../prompt/templates.js'
import { resolveTask } from '../tasks/registry.js'
import type { Population } from '../tasks/sampling.js'
import { itemHashes, itemOf, pairOf, type PreparedRow, type StoredItem, type StoredPair } from './content.js'
import type { Statements } from './statements.js'
import { storedRows } from './stored-rows.js'

/** The context for planning a unit, read from the database. */
export function planContext(db: Statements, place: UnitPlace): PlanContext {
  const { sweepId, model } = place
  const protocol = JSON.parse(
    db.pluck('select protocol from sweeps where id = ?', [sweepId]) as string,
  ) as Protocol
  return {
    place,
    seed: protocol.seed,
    task: (task) => finishedTask(db, { sweepId, model, task }, protocol),
    runsOf: (unit) =>
      db.all(
        `select u.task_id as task, r.id as runId, r.key, r.model_hash as modelHash from units u
         join unit_runs r on r.key = u.run_key and r.complete = 1
         left join sweep_tasks t on t.sweep_id = u.sweep_id and t.task_id = u.task_id
         where u.sweep_id = ? and u.model_id = ? and u.experiment = ? order by t.position`,
        [sweepId, model, unit],
      ) as UnitRun[],
    storedBy: (runId) => storedRows(db, runId),
  }
}

function finishedTask(
  db: Statements,
  { sweepId, model, task }: { readonly sweepId: string; readonly model: string; readonly task: string },
  protocol: Protocol,
): FinishedTask {
  const row = db.row('select * from prepared_tasks where sweep_id = ? and model_id = ? and task_id = ?', [
    sweepId,
    model,
    task,
  ]) as (PreparedRow & { readonly pairs_hash: string | null }) | undefined
  const spec = db.pluck('select spec from sweep_tasks where sweep_id = ? and task_id = ?', [sweepId, task])
  if (!row || row.best_layer === null)
    throw new TaskvecError(
      'TASK',
      spec === undefined ? `${task} is not among the sweep's tasks` : `${task}: its main experiment failed`,
    )
  const shape = db.row('select blocks, d_model as dModel from models where content_hash = ?', [
    row.model_hash,
  ]) as { blocks: number; dModel: number }
  const itemsHash = itemHashes(row)
  return {
    ...{ model, task, protocol: alone(db, protocol, itemsHash.test), itemsHash, ...shape },
    ...{ modelHash: row.model_hash, numerics: row.numerics, scoring: row.scoring },
    bestLayer: row.best_layer,
    items: (split, n = -1) =>
      (
        db.all('select * from items where items_hash = ? order by item limit ?', [
          itemsHash[split],
          n,
        ]) as StoredItem[]
      ).map(itemOf),
    population: () => populationOf(db, task, row.pairs_hash, spec as string),
  }
}

/** The protocol by which further experiments draw: not paired, with the prompt of the task's items. */
function alone(db: Statements, { paired: _, ...protocol }: Protocol, itemsHash: string): Protocol {
  const written = db.pluck('select prompt from items where items_hash = ? limit 1', [itemsHash])
  if (typeof written !== 'string') return protocol
  const format = JSON.parse(written) as PromptFormat
  return { ...protocol, prompt: { id: promptName(protocol.prompt), ...format } }
}

function populationOf(db: Statements, task: string, pairsHash: string | null, spec: string): Population {
  if (pairsHash !== null) {
    const pairs = db.all(
      'select input, output, accept, split from task_pairs where pairs_hash = ? order by position',
      [pairsHash],
    ) as StoredPair[]
    return pairs.map(pairOf)
  }
  const resolved = resolveTask(JSON.parse(spec) as TaskSpec)
  if (resolved.kind === 'generated') return resolved
  throw new TaskvecError('TASK', `${task}: its items are explicit, so none can be drawn`)
}
