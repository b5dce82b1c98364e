import { Command, Option } from 'commander'
import { resultTables } from '../experiments/catalog.js'
import { filterNames, type ResultFilter, type ResultRows } from '../experiments/sweep-rows.js'
import { sweepRows } from '../report/sweep-rows.js'
import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { Values } from '../figures/table.js'
import { textOf, writeRows } from '../report/formats.js'
import { formats, type Format } from '../report/text-format.js'
import { renderMainTable } from '../report/main-table.js'
import { writeParquet } from '../report/parquet.js'
import { filtersOf, resultRows, tableNames } from '../report/result-rows.js'
import { apart } from '../report/apart.js'
import { averagedTables, groupRows, overSeeds, overSettings } from '../report/group-rows.js'
import { tableLatex } from '../report/table-latex.js'
import { openReadOnly, type Reader } from '../store/open.js'
import { weightTypes } from '../store/report-queries.js'
import { meanScores } from '../store/mean-scores.js'
import { taskCategories } from '../store/page-queries.js'
import { firstTokens, mainResults } from '../store/results.js'
import {
  namedSweeps,
  namesGroup,
  settingsOfGroup,
  type SettingKey,
  type SweepOfGroup,
} from '../store/settings.js'
import { findSweep, sweepMode, type SweepSummary } from '../store/sweeps.js'
import { sweepProgress } from '../store/sweep-state.js'
import { keysOf } from './keys-option.js'
import { dbOption, wholeNumber } from './options.js'
import { piecesToStdout, toStdout } from './stdout.js'
import { expanded } from '../system/home.js'

/** Default of --limit with --format table. */
const terminalRows = 1000

interface ResultsOptions extends ResultFilter {
  db: string
  table: string
  format: Format
  json?: boolean
  seeds?: boolean
  by?: SettingKey[]
  limit?: number
  out?: string
}

/** `taskvec results [SWEEP ...]`. */
export function resultsCommand(): Command {
  return new Command('results')
    .argument('[sweeps...]', 'id, name or group (default: the latest); several are printed one after another')
    .addOption(new Option('--table <table>', 'table to print').choices([...tableNames]).default('main'))
    .addOption(new Option('--format <format>', 'output format').choices([...formats]).default('table'))
    .option('--json', 'the same as --format json')
    .option('--model <id>', 'only this model')
    .option('--task <id>', 'only this task')
    .option('--category <name>', 'only tasks of this category')
    .option(
      '--kind <kind>',
      'only predictions of this kind (baseline, regular, hypothesis), or this analysis of beyond',
    )
    .option('--layer <L>', 'only this layer', wholeNumber(0))
    .option('--seeds', 'mean and standard deviation over the seeds of the config')
    .option(
      '--by <keys>',
      'one row per value of demonstrations, numerics or other config keys, comma-separated: means over the other settings',
      keysOf,
    )
    .option(
      '--limit <rows>',
      `maximum number of rows; 0: all (default: ${terminalRows} with --format table, else all)`,
      wholeNumber(0),
    )
    .option('--out <file>', 'output file of --format parquet', expanded)
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
1st: share of items whose answer's first token has rank 1. Low, High: 95 %
intervals; Wilson's for an accuracy, a paired bootstrap for hypothesis minus
regular (10,000 resamples of whole demonstration sets, seeded by the sweep's
seed). Rows are in the config's order. --format latex gives the paper's Table 6
(main), 2 (conflicting), 3 and 7 (projection, at the best L + 2 or --layer; table
and md show the same tokens). On a terminal, control characters are escaped.

Examples:
  $ taskvec results
  $ taskvec results quickstart --table layers --task algorithmic_to_upper
  $ taskvec results --table conflicting --format latex > table-2.tex
  $ taskvec results seeded --table layers --seeds --format csv
  $ taskvec results study --by demonstrations
  $ taskvec results study --by demonstrations,prompt --table layers --format csv
  $ taskvec results smollm2 gemma3 --by numerics --format csv
  $ taskvec results --table predictions --kind hypothesis --format csv > predictions.csv
  $ taskvec results --table predictions --format parquet --out predictions.parquet`,
    )
    .action(results)
}

async function results(wanted: readonly string[], options: ResultsOptions): Promise<void> {
  const { db, table } = options
  const format = options.json ? 'json' : options.format
  if ((format === 'parquet') !== (options.out !== undefined))
    throw new TaskvecError('USAGE', '--format parquet and --out FILE go together', {
      hint: 'Other formats go to stdout: redirect them with > FILE.',
    })
  for (const filter of filterNames) {
    if (options[filter] !== undefined && !filtersOf(table).includes(filter))
      throw new TaskvecError('USAGE', `the table ${table} has no filter --${filter}`, {
        hint: `It has: ${filtersOf(table)
          .map((name) => `--${name}`)
          .join(', ')}`,
      })
  }
  if (options.seeds && options.by)
    throw new TaskvecError(
      'USAGE',
      '--seeds and --by cannot be combined: --seeds is --by with all keys but the seed',
    )
  if ((options.seeds || options.by) && !averagedTables.includes(table))
    throw new TaskvecError(
      'USAGE',
      `the table ${table} has no mean over ${options.by ? 'settings' : 'seeds'}`,
      {
        hint: `Tables with one: ${averagedTables.join(', ')}`,
      },
    )
  using reader = openReadOnly(db)
  const [name] = wanted
  const mixed = wanted.length > 1
  const sweep = findSweep(reader, name)
  const group = mixed ? namedSweeps(reader, wanted) : settingsOfGroup(reader, sweep)
  const whole = mixed || options.by !== undefined || options.seeds || namesGroup(sweep, group, name)
  const progress = (whole ? group : [sweep]).flatMap(({ id }) => sweepProgress(reader, id))
  checkName('model', options.model, () => progress.map(({ model }) => model))
  checkName('task', options.task, () => progress.map(({ task }) => task))
  checkName('category', options.category, () =>
    (whole ? group : [sweep]).flatMap(({ id }) => Object.values(taskCategories(reader, id))),
  )
  for (const note of mixed ? apart(reader, group).notes : []) process.stderr.write(`note: ${note}\n`)
  if (whole) await printGroup(reader, group, format, options, mixed)
  else await print(reader, sweep, format, options)
  const open = progress.filter(({ complete }) => !complete).length
  if (open > 0)
    process.stderr.write(
      `${mixed ? 'Not all sweeps are complete' : whole ? `Group ${sweep.group ?? sweep.id} is not complete` : `Sweep ${sweep.id} is ${sweep.status}`}: ${open} of ${progress.length} tasks are not complete. taskvec status shows which.\n`,
    )
}

async function print(
  db: Reader,
  sweep: SweepSummary,
  format: Format,
  options: ResultsOptions,
): Promise<void> {
  const { table } = options
  if (table === 'main' && format === 'table')
    return toStdout(
      `${renderMainTable(mainResults(db, sweep.id, options), { mode: sweepMode(sweep), weights: weightTypes(db, sweep.id), first: firstTokens(db, sweep.id), scores: meanScores(db, sweep.id) })}\n`,
    )
  const laidOut = format === 'latex' || (table !== 'main' && (format === 'table' || format === 'md'))
  const paper =
    laidOut && options.limit === undefined
      ? resultTables[table]?.paper?.(sweepRows(db, sweep, options))
      : undefined
  if (paper && format === 'latex') return toStdout(paper.map(tableLatex).join('\n'))
  if (paper && format !== 'parquet') {
    // The last one has all tasks.
    const { columns, rows } = paper.at(-1) ?? { columns: {}, rows: [] }
    return writeRows(rows, Object.keys(columns), format, toStdout)
  }
  const { model, task, category, kind, layer } = options
  const filter = { model, task, category, kind, layer }
  await printRows(resultRows(db, table, sweep, filter, format), format, options)
}

/** The rows of several sweeps, or means over them. */
async function printGroup(
  db: Reader,
  group: readonly SweepOfGroup[],
  format: Format,
  options: ResultsOptions,
  mixed: boolean,
): Promise<void> {
  const { table, by, seeds, model, task, category, kind, layer } = options
  const filter = { model, task, category, kind, layer }
  const rows = by
    ? overSettings(db, table, group, by, filter, 'settings')
    : seeds
      ? overSeeds(db, table, group, filter)
      : groupRows(db, table, group, filter, format, mixed)
  await printRows(rows, format, options)
}

async function printRows(
  { columns, rows }: ResultRows,
  format: Format,
  options: Pick<ResultsOptions, 'limit' | 'out' | (typeof filterNames)[number]>,
): Promise<void> {
  const limit = options.limit ?? (format === 'table' ? terminalRows : 0)
  const some = noted(limit === 0 ? rows : limited(rows, limit), options)
  if (format !== 'parquet') return piecesToStdout(textOf(some, Object.keys(columns), format))
  writeParquet(some, columns, options.out as string)
}

/** An empty table is right only if nothing can match. */
function* noted(rows: Iterable<Values>, options: ResultFilter): Generator<Values> {
  let some = false
  for (const row of rows) {
    some = true
    yield row
  }
  const given = filterNames.flatMap((name) =>
    options[name] === undefined ? [] : [`--${name} ${options[name]}`],
  )
  if (!some && given.length > 0) process.stderr.write(`No row matches ${given.join(' ')}.\n`)
}

function* limited(rows: Iterable<Values>, limit: number): Generator<Values> {
  let count = 0
  for (const row of rows) {
    if (count++ === limit) {
      process.stderr.write(`Only the first ${limit} rows are shown; --limit 0 prints all.\n`)
      return
    }
    yield row
  }
}

function checkName(what: string, name: string | undefined, known: () => readonly string[]): void {
  if (name === undefined) return
  const names = [...new Set(known())]
  if (names.includes(name)) return
  throw new TaskvecError('USAGE', `the sweep has no ${what} "${name}"${didYouMean(name, names)}`, {
    hint: `It has: ${names.join(', ')}`,
  })
}
