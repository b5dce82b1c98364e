import type Database from 'better-sqlite3'
import { resultTables } from '../experiments/catalog.js'
import type { ColumnType, ResultFilter, ResultRows } from '../experiments/sweep-rows.js'
import { meanScoreColumns, withMeanScores } from '../store/mean-scores.js'
import { tableValues } from '../store/view-rows.js'
import { keyTypes, varying, type Setting, type SettingKey, type SweepOfGroup } from '../store/settings.js'
import { meanAndSd } from '../figures/paper-rules.js'
import { apart } from './apart.js'
import type { Value, Values } from '../figures/table.js'
import type { Format } from './text-format.js'
import { tableNames, tableOf, resultRows, withSetting, withWilson } from './result-rows.js'

/** Tables over several sweeps: means, and rows of all of them. */

/** The tables that have a mean over seeds. */
export const averagedTables = tableNames.filter((name) => resultTables[name]?.averaged !== undefined)

/**
 * Mean and standard deviation (divisor n - 1; none of one sweep) over the sweeps that share the values of `by`, by row. The
 * column `count` is the number of sweeps that have the row. Models and tasks that share an id but differ get distinct names.
 */
export function overSettings(
  db: Database.Database,
  table: string,
  sweeps: readonly SweepOfGroup[],
  given: readonly SettingKey[],
  filter: ResultFilter,
  count: 'seeds' | 'settings',
): ResultRows {
  const definition = tableOf(table)
  const { order, keys = ['model', ...order.filter((name) => typeof name === 'string')] } = definition
  // Rows differ by their models and tasks anyway.
  const by = given.filter((key): key is keyof Setting => key !== 'models' && key !== 'tasks')
  const names = apart(db, sweeps)
  const named = (sweep: string, key: string, value: Value) =>
    key === 'model' || key === 'task' ? names[key](sweep, String(value)) : value
  const scores = sweeps.flatMap(({ id }) => Object.keys(meanScoreColumns(db, table, id)))
  const averaged = [...(definition.averaged ?? []), ...new Set(scores)]
  const groups = new Map<string, { key: Values; values: number[][] }>()
  let types: ResultRows['columns'] = {}
  for (const { id, setting } of sweeps) {
    const found = withWilson(definition, tableValues(db, definition, id, filter))
    const { columns, rows } = withMeanScores(db, table, id, found)
    types = columns
    const columnsOf = Object.keys(columns)
    for (const row of rows) {
      const key = [
        ...keys.map((name) => named(id, name, row[columnsOf.indexOf(name)] ?? null)),
        ...by.map((key) => setting[key]),
      ]
      const text = JSON.stringify(key)
      const group = groups.get(text) ?? { key, values: averaged.map(() => []) }
      groups.set(text, group)
      averaged.forEach((name, i) => {
        const value = row[columnsOf.indexOf(name)]
        if (typeof value === 'number') group.values[i]?.push(value)
      })
    }
  }
  const columns: Record<string, ColumnType> = {}
  for (const name of keys) columns[name] = types[name] ?? 'text'
  for (const key of by) columns[key] = keyTypes[key]
  columns[count] = 'whole'
  for (const name of averaged) Object.assign(columns, { [name]: 'real', [`${name}Sd`]: 'real' })
  const rows = Array.from(groups.values(), ({ key, values }): Values => {
    const sweepsWithIt = Math.max(...values.map(({ length }) => length))
    return [...key, sweepsWithIt, ...values.flatMap(meanAndSpread)]
  })
  return { columns, rows }
}

/** Over the seeds of a config, for each of its other settings; the keys that vary become columns. */
export function overSeeds(
  db: Database.Database,
  table: string,
  sweeps: readonly SweepOfGroup[],
  filter: ResultFilter,
): ResultRows {
  const by = varying(sweeps).filter((key) => key !== 'seed')
  return overSettings(db, table, sweeps, by, filter, 'seeds')
}

/** A table of all sweeps in turn, with a column for each key that varies and, if `named`, the sweep. */
export function groupRows(
  db: Database.Database,
  table: string,
  sweeps: readonly SweepOfGroup[],
  filter: ResultFilter,
  format: Format,
  named: boolean,
): ResultRows {
  const keys: (keyof Setting)[] = [...varying(sweeps), ...(named ? (['sweep'] as const) : [])]
  const of = (sweep: SweepOfGroup) => {
    const rows = resultRows(db, table, sweep, filter, format)
    const missing = keys.filter((key) => !(key in rows.columns))
    return withSetting(rows, missing, sweep.setting)
  }
  const columns = Object.assign({}, ...sweeps.map((sweep) => of(sweep).columns)) as ResultRows['columns']
  return { columns, rows: rows() }

  function* rows(): Generator<Values> {
    const names = Object.keys(columns)
    for (const sweep of sweeps) {
      const own = of(sweep)
      const at = new Map(Object.keys(own.columns).map((name, i) => [name, i]))
      for (const row of own.rows) yield names.map((name) => row[at.get(name) ?? -1] ?? null)
    }
  }
}

function meanAndSpread(values: readonly number[]): [number | null, number | null] {
  if (values.length === 0) return [null, null]
  const { mean, sd } = meanAndSd(values)
  return [mean, values.length === 1 ? null : sd]
}
