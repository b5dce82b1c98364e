import type Database from 'better-sqlite3'
import { pairedBootstrap } from '../statistics/bootstrap.js'
import { wilsonInterval } from '../statistics/wilson.js'
import { pairedItems } from '../store/paired-items.js'
import { resultTables } from '../experiments/catalog.js'
import {
  filterNames,
  type FilterName,
  type ResultFilter,
  type ResultRows,
  type ResultTable,
} from '../experiments/sweep-rows.js'
import { firstTokens, predictionColumnsOf, predictionValues } from '../store/results.js'
import { weightTypes } from '../store/report-queries.js'
import { withMeanScores } from '../store/mean-scores.js'
import { columnTypes, tableValues } from '../store/view-rows.js'
import { keyTypes, settingOf, type Setting } from '../store/settings.js'
import { sweepMode, type SweepSummary } from '../store/sweeps.js'
import type { Values } from '../figures/table.js'
import type { Format } from './text-format.js'

/**
 * What `taskvec results` prints: the experiments' tables with an interval for every accuracy, and
 * every prediction. Rows come one at a time: some tables have millions.
 */

export const tableNames: readonly string[] = [...Object.keys(resultTables), 'predictions']

export function filtersOf(table: string): readonly FilterName[] {
  return table === 'predictions'
    ? filterNames
    : (tableOf(table).filters ?? ['model', 'task', 'category', 'layer'])
}

export function tableOf(name: string): ResultTable {
  return resultTables[name] as ResultTable
}

/** Tables whose rows name their setting in JSON. */
const namingSettings = ['main', 'layers', 'predictions']

const named = ['demonstrations', 'prompt', 'dummyQueries', 'seed'] as const

/**
 * Reads nothing until `rows` is read. If results are not f32 on the CPU, a last column `numerics` says so. In JSON,
 * rows of the main experiment also name their setting and their model's weights, and those of `main` have accuracies by first token.
 */
export function resultRows(
  db: Database.Database,
  table: string,
  sweep: SweepSummary,
  filter: ResultFilter,
  format?: Format,
): ResultRows {
  const mode = sweepMode(sweep)
  const reference = referenceRows(db, table, sweep, filter)
  const { columns, rows } =
    format === 'json' && namingSettings.includes(table)
      ? withSetting(
          table === 'main' ? withFirstTokens(reference, () => firstTokens(db, sweep.id)) : reference,
          named,
          settingOf(sweep),
          weightTypes(db, sweep.id),
        )
      : reference
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
    return { columns: predictionColumnsOf(db, sweep.id), rows: predictionValues(db, sweep.id, filter) }
  const intervals = withWilson(tableOf(table), tableValues(db, tableOf(table), sweep.id, filter))
  const rows =
    table === 'main' ? withDifference(intervals, () => differences(db, sweep, filter.model)) : intervals
  return withMeanScores(db, table, sweep.id, rows)
}

/** With columns of the sweep's setting, the same in every row; and, with `weights`, the storage type of its model's weights. */
export function withSetting(
  { columns, rows }: ResultRows,
  keys: readonly (keyof Setting)[],
  setting: Setting,
  weights?: ReadonlyMap<string, string>,
): ResultRows {
  const values = keys.map((key) => setting[key])
  const types = Object.fromEntries(keys.map((key) => [key, keyTypes[key]]))
  return { columns: { ...columns, ...types, ...(weights ? { weights: 'text' } : {}) }, rows: extended() }

  function* extended(): Generator<Values> {
    const at = Object.keys(columns).indexOf('model')
    for (const row of rows)
      yield [...row, ...values, ...(weights ? [weights.get(row[at] as string) ?? null] : [])]
  }
}

/** With the accuracies by first token: the share of items whose answer's first token is the greedy choice. */
function withFirstTokens(
  { columns, rows }: ResultRows,
  sharesOf: () => ReturnType<typeof firstTokens>,
): ResultRows {
  const kinds = ['baseline', 'hypothesis', 'regular'] as const
  const types = Object.fromEntries(kinds.map((kind) => [`${kind}FirstToken`, 'real' as const]))
  return { columns: { ...columns, ...types }, rows: extended() }

  function* extended(): Generator<Values> {
    const shares = sharesOf()
    for (const row of rows) {
      const [model, task] = row as readonly string[]
      yield [...row, ...kinds.map((kind) => shares.get(`${model}\n${task}\n${kind}`) ?? null)]
    }
  }
}

/** Wilson's interval of each accuracy; counts become accuracies. */
export function withWilson(table: ResultTable, rows: Iterable<Values>): ResultRows {
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
