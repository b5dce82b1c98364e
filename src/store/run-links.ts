import type { RunKind } from '../domain/types.js'
import { keyOf, type PreparedRow } from './content.js'
import type { TaskPlace } from './prepared-tasks.js'
import type { Statements } from './statements.js'

/** Links a chunk's cells to their runs; returns whether one of them is still to be computed. */
export function linkCells(
  db: Statements,
  { sweepId, model, task }: TaskPlace,
  row: PreparedRow,
  chunk: readonly number[],
): boolean {
  const stored = chunk.map((layer) => {
    const key = keyOf(row, { kind: 'hypothesis', split: 'dev', layer }, chunk)
    const there = isStored(db, key)
    db.run(
      `insert into cells (sweep_id, model_id, task_id, layer, run_key, layers_together, reused) values (?, ?, ?, ?, ?, ?, ?)
       on conflict do update set run_key = excluded.run_key, layers_together = excluded.layers_together, reused = excluded.reused
       where run_key <> excluded.run_key`,
      [sweepId, model, task, layer, key, chunk.join(','), Number(there)],
    )
    return there
  })
  return stored.includes(false)
}

/** Links a run of the sweep to its key; returns whether its result is stored already. */
export function linkRun(
  db: Statements,
  { sweepId, model, task }: TaskPlace,
  kind: RunKind,
  key: string,
): boolean {
  const there = isStored(db, key)
  db.run(
    `insert into sweep_runs (sweep_id, model_id, task_id, kind, run_key, reused) values (?, ?, ?, ?, ?, ?)
     on conflict do update set run_key = excluded.run_key, reused = excluded.reused where run_key <> excluded.run_key`,
    [sweepId, model, task, kind, key, Number(there)],
  )
  return there
}

function isStored(db: Statements, key: string): boolean {
  return db.pluck('select 1 from runs where key = ?', [key]) !== undefined
}
