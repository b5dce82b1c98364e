import type Database from 'better-sqlite3'
import type { ColumnType, ResultRows } from '../experiments/sweep-rows.js'
import type { Values } from '../figures/table.js'

/** Mean scores of the main experiment's runs for tasks with graded scoring (f1, chrf). Sweeps without such tasks lack these columns. */

const kinds = ['baseline', 'hypothesis', 'regular'] as const

/** The names of the means, by table of results. */
const columnsOf: Readonly<Record<string, readonly string[]>> = {
  main: kinds.map((kind) => `${kind}MeanScore`),
  layers: ['meanScore'],
}

export function isGraded(db: Database.Database, sweepId: string): boolean {
  const found = db.prepare(
    `select 1 from prepared_tasks where sweep_id = ? and (scoring like 'f1%' or scoring like 'chrf%' or scoring like '%"rule":"f1%'
     or scoring like '%"rule":"chrf%') limit 1`,
  )
  return found.get(sweepId) !== undefined
}

/** The columns for a sweep's table; empty if it has none. */
export function meanScoreColumns(
  db: Database.Database,
  table: string,
  sweepId: string,
): Readonly<Record<string, ColumnType>> {
  const names = columnsOf[table]
  if (!names || !isGraded(db, sweepId)) return {}
  return Object.fromEntries(names.map((name) => [name, 'real' as const]))
}

/** Mean scores by model, task and kind of run, joined by newlines. */
export function meanScores(db: Database.Database, sweepId: string): Map<string, number> {
  return means(db, sweepId, 'sweep_runs', 'kind')
}

/** Mean scores of hypothesis runs on dev items, by model, task and layer. */
export function layerMeanScores(db: Database.Database, sweepId: string): Map<string, number> {
  return means(db, sweepId, 'cells', 'layer')
}

function means(db: Database.Database, sweepId: string, table: string, by: string): Map<string, number> {
  if (!isGraded(db, sweepId)) return new Map()
  const rows = db
    .prepare(
      `select s.model_id || char(10) || s.task_id || char(10) || s.${by}, avg(p.score)
       from ${table} s join runs r on r.key = s.run_key join predictions p on p.run_id = r.id
       where s.sweep_id = ? and p.score is not null group by s.model_id, s.task_id, s.${by}`,
    )
    .raw()
    .all(sweepId) as [string, number][]
  return new Map(rows)
}

/** A table's rows, which begin with model and task (and layer), with their mean scores appended. */
export function withMeanScores(
  db: Database.Database,
  table: string,
  sweepId: string,
  { columns, rows }: ResultRows,
): ResultRows {
  const further = meanScoreColumns(db, table, sweepId)
  if (Object.keys(further).length === 0) return { columns, rows }
  return { columns: { ...columns, ...further }, rows: extended() }

  function* extended(): Generator<Values> {
    const scores = table === 'main' ? meanScores(db, sweepId) : layerMeanScores(db, sweepId)
    for (const row of rows) {
      const [model, task, layer] = row
      const parts: readonly unknown[] = table === 'main' ? kinds : [layer]
      yield [...row, ...parts.map((part) => scores.get([model, task, part].join('\n')) ?? null)]
    }
  }
}
