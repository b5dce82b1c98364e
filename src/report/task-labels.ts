import type { SweepConfig } from '../config/sweep-config.js'
import type { ResultRows } from '../experiments/sweep-rows.js'
import type { Values } from '../figures/table.js'
import type { SweepSummary } from '../store/sweeps.js'

/** Columns that hold a task's id. */
const columns = ['task', 'taskA', 'taskB', 'thetaTask', 'source']

/** The tasks that the config gives a label, by id. */
export function taskLabels({ config }: Pick<SweepSummary, 'config'>): ReadonlyMap<string, string> {
  const { tasks = [] } = JSON.parse(config) as Partial<SweepConfig>
  return new Map(tasks.flatMap(({ id, label }) => (label === undefined ? [] : [[id, label]])))
}

/** A row with labels in place of its tasks' ids. */
export function withLabels<Row extends object>(labels: ReadonlyMap<string, string>, row: Row): Row {
  if (labels.size === 0) return row
  const values = columns.flatMap((name) => {
    const label = name in row ? labels.get(String(row[name as keyof Row])) : undefined
    return label === undefined ? [] : [[name, label]]
  })
  return { ...row, ...(Object.fromEntries(values) as Partial<Row>) }
}

/** The same for rows by position. */
export function rowsWithLabels(labels: ReadonlyMap<string, string>, table: ResultRows): ResultRows {
  if (labels.size === 0) return table
  const names = Object.keys(table.columns)
  const at = new Set(columns.map((name) => names.indexOf(name)))
  return { columns: table.columns, rows: labelled() }

  function* labelled(): Generator<Values> {
    for (const row of table.rows)
      yield row.map((value, i) => (at.has(i) ? (labels.get(String(value)) ?? value) : value))
  }
}
