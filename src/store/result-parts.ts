import type Database from 'better-sqlite3'
import type { ResultFilter, ResultTable } from '../experiments/sweep-rows.js'

/**
 * Narrower filters that cut a table's rows, in the order in which they stand, into parts that can be read apart: one per
 * model, or per model and task. The filter itself where the table is small by nature.
 */
export function partsOf(
  db: Database.Database,
  { parts }: Pick<ResultTable, 'parts'>,
  sweepId: string,
  filter: ResultFilter,
): ResultFilter[] {
  if (parts === undefined) return [filter]
  const ids = (of: 'model' | 'task', wanted: string | undefined): string[] =>
    wanted !== undefined
      ? [wanted]
      : (db
          .prepare(`select ${of}_id from sweep_${of}s where sweep_id = ? order by position`)
          .pluck()
          .all(sweepId) as string[])
  const models = ids('model', filter.model)
  if (parts === 'model') return models.map((model) => ({ ...filter, model }))
  const tasks = ids('task', filter.task)
  return models.flatMap((model) => tasks.map((task) => ({ ...filter, model, task })))
}
