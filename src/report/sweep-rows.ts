import type Database from 'better-sqlite3'
import type { ResultFilter, SweepRows } from '../experiments/sweep-rows.js'
import { modelRecords, preparedTasksOf } from '../store/report-queries.js'
import { otherSeeds } from '../store/settings.js'
import type { SweepSummary } from '../store/sweeps.js'
import { viewMeans, viewRows } from '../store/view-rows.js'
import { resultRows } from './result-rows.js'
import { overSeeds } from './group-rows.js'
import { rowsWithLabels, taskLabels, withLabels } from './task-labels.js'

/** What experiments read of a sweep: its tasks under the labels that the config gives them. */
export function sweepRows(db: Database.Database, sweep: SweepSummary, filter: ResultFilter = {}): SweepRows {
  const { id } = sweep
  const labels = taskLabels(sweep)
  const passes = (row: { model: string; task: string; category: string }) =>
    (['model', 'task', 'category'] as const).every((key) => (filter[key] ?? row[key]) === row[key])
  return {
    filter,
    of: (view, query) => viewRows(db, view, id, query, filter).map((row) => withLabels(labels, row)),
    means: (view, query) =>
      viewMeans(db, view, id, query as never).map((row) => withLabels(labels, row)) as never,
    tasks: () =>
      preparedTasksOf(db, id)
        .filter(passes)
        .map((row) => withLabels(labels, row)),
    blocks: () => blocksOf(db, id),
    table: (name) => rowsWithLabels(labels, resultRows(db, name, sweep, {})),
    overSeeds(name) {
      const seeds = otherSeeds(db, sweep)
      return seeds.length > 1 ? rowsWithLabels(labels, overSeeds(db, name, seeds, {})) : null
    },
  }
}

/** N by model. */
export function blocksOf(db: Database.Database, sweep: string): Map<string, number> {
  return new Map(
    modelRecords(db, sweep).flatMap(({ model, blocks }) => (blocks === null ? [] : [[model, blocks]])),
  )
}
