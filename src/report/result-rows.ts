import type Database from 'better-sqlite3'
import { pairedBootstrap } from '../statistics/bootstrap.js'
import { wilsonInterval } from '../statistics/wilson.js'
import { pairedItems } from '../store/paired-items.js'
import { resultTables } from '../experiments/catalog.js'
import {
  filterNames,
  type ColumnType,
  type FilterName,
  type ResultFilter,
  type ResultRows,
  type ResultTable,
} from '../experiments/sweep-rows.js'
import { predictionColumns, predictionValues } from '../store/results.js'
import { columnTypes, tableValues } from '../store/view-rows.js'
import { sweepMode, type SweepSummary } from '../store/sweeps.js'
import { meanAndSd } from '../figures/paper-rules.js'
import type { Values } from '../figures/table.js'

/**
 * What `taskvec results` prints: the experiments' tables with an interval beside every accuracy, and
 * every prediction. Rows come one at a time: some tables have millions.
 */

export const tableNames: readonly string[] = [...Object.keys(resultTables), 'predictions']

export function filtersOf(table: string): readonly FilterName[] {
  return table === 'predictions' ? filterNames : tableOf(table).filters
}

function tableOf(name: string): ResultTable {
  return resultTables[name] as ResultTable
}

/** Nothing is read before `rows` are. Where they are not f32 on the cpu, every row says so, in a last column `numerics`. */
export function resultRows(
  db: Database.Database,
  table: string,
  sweep: SweepSummary,
  filter: ResultFilter,
): ResultRows {
  const mode = sweepMode(sweep)
  const { columns, rows } = referenceRows(db, table, sweep, filter)
  return mode === null ? { columns, rows } : { columns: { ...columns, numerics: 'text' }, rows: labelled() }

  function* labelled(): Generator<Values> {
    for (const row of rows) yield [...row, mode]
  }
}

function referenceRows(
  db: Database.Database,
  table: string,
  sweep: SweepSummary,
  filter: ResultFilter,
): ResultRows {
  if (table === 'predictions')
    return { columns: predictionColumns, rows: predictionValues(db, sweep.id, filter) }
  const intervals = withWilson(tableOf(table), tableValues(db, tableOf(table), sweep.id, filter))
  return table === 'main' ? withDifference(intervals, () => differences(db, sweep, filter.model)) : intervals
}

/** Wilson's interval of each accuracy; counts become accuracies. */
function withWilson(table: ResultTable, rows: Iterable<Values>): ResultRows {
  const { accuracies = {}, counts } = table
  const types = columnTypes(table)
  const names = Object.keys(types)
  const shares = Object.entries(accuracies).map(([name, items]) => {
    if (counts) types[name] = 'real'
    Object.assign(types, { [`${name}Low`]: 'real', [`${name}High`]: 'real' })
    return { at: names.indexOf(name), items: names.indexOf(items) }
  })
  if (shares.length === 0) return { columns: types, rows }
  return { columns: types, rows: extended() }

  function* extended(): Generator<Values> {
    for (const row of rows) {
      const wider = [...row]
      for (const { at, items } of shares) {
        const [value, n] = [row[at] as number, row[items] as number]
        if (counts) wider[at] = value / n
        const { low, high } = wilsonInterval(counts ? value : Math.round(value * n), n)
        wider.push(low, high)
      }
      yield wider
    }
  }
}

/** The paired bootstrap's interval of hypothesis minus regular, by model and task. */
function differences(db: Database.Database, { id, protocol }: SweepSummary, wanted: string | undefined) {
  return new Map(
    Array.from(pairedItems(db, id, wanted), ({ model, task, differences, clusters }) => [
      `${model}\n${task}`,
      pairedBootstrap(differences, clusters, { seed: protocol.seed }),
    ]),
  )
}

function withDifference(
  { columns, rows }: ResultRows,
  differencesOf: () => ReturnType<typeof differences>,
): ResultRows {
  return { columns: { ...columns, differenceLow: 'real', differenceHigh: 'real' }, rows: extended() }

  function* extended(): Generator<Values> {
    const intervals = differencesOf()
    for (const row of rows) {
      const [model, task] = row as readonly string[]
      const interval = intervals.get(`${model}\n${task}`)
      yield [...row, interval?.low ?? null, interval?.high ?? null]
    }
  }
}

/** The tables that have a mean over seeds. */
export const averagedTables = tableNames.filter((name) => resultTables[name]?.averaged !== undefined)

/**
 * Mean and standard deviation (divisor n - 1; none of one seed) over the sweeps of one config, one per seed. A row that
 * only some sweeps have says so by `seeds`.
 */
export function overSeeds(
  db: Database.Database,
  table: string,
  sweepIds: readonly string[],
  filter: ResultFilter,
): ResultRows {
  const definition = tableOf(table)
  const { keys = [], averaged = [] } = definition
  const groups = new Map<string, { key: Values; values: number[][] }>()
  let names: string[] = []
  let types: ResultRows['columns'] = {}
  for (const id of sweepIds) {
    const { columns, rows } = withWilson(definition, tableValues(db, definition, id, filter))
    types = columns
    names = Object.keys(columns)
    for (const row of rows) {
      const key = keys.map((name) => row[names.indexOf(name)] ?? null)
      const text = JSON.stringify(key)
      const group = groups.get(text) ?? { key, values: averaged.map(() => []) }
      groups.set(text, group)
      averaged.forEach((name, i) => {
        const value = row[names.indexOf(name)]
        if (typeof value === 'number') group.values[i]?.push(value)
      })
    }
  }
  const columns: Record<string, ColumnType> = {}
  for (const name of keys) columns[name] = types[name] ?? 'text'
  columns['seeds'] = 'whole'
  for (const name of averaged) Object.assign(columns, { [name]: 'real', [`${name}Sd`]: 'real' })
  const rows = Array.from(groups.values(), ({ key, values }): Values => {
    const seeds = Math.max(...values.map(({ length }) => length))
    return [...key, seeds, ...values.flatMap(meanAndSpread)]
  })
  return { columns, rows }
}

function meanAndSpread(values: readonly number[]): [number | null, number | null] {
  if (values.length === 0) return [null, null]
  const { mean, sd } = meanAndSd(values)
  return [mean, values.length === 1 ? null : sd]
}
