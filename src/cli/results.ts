import { Command, Option } from 'commander'
import { didYouMean } from '../domain/nearest.js'
import { TaskvecError } from '../domain/errors.js'
import { groupBy, meanAndSd } from '../report/definitions.js'
import { formats, writeParquet, writeRows, type Format, type Row } from '../report/formats.js'
import { renderMainTable } from '../report/main-table.js'
import {
  table2,
  table6,
  tables3And7,
  type ConflictingRow,
  type ProjectedToken,
} from '../report/tables/paper-tables.js'
import { tableLatex } from '../report/tables/table.js'
import { wilsonInterval } from '../statistics/wilson.js'
import { openReadOnly } from '../store/open.js'
import {
  filterNames,
  resultTables,
  tableRows,
  type ColumnType,
  type FilterName,
} from '../store/result-tables.js'
import {
  findSweep,
  mainResults,
  predictionResults,
  sweepGroup,
  sweepProgress,
  type MainRow,
  type ResultFilter,
} from '../store/results.js'
import { dbOption, wholeNumber } from './options.js'

const tableNames = [
  'main',
  'layers',
  'robustness',
  'conflicting',
  'projection',
  'beyond',
  'predictions',
  'seeds',
] as const
type TableName = (typeof tableNames)[number]

interface Columns {
  readonly types: Readonly<Record<string, ColumnType>>
  readonly filters: readonly FilterName[]
}

const predictions: Columns = {
  types: {
    model: 'text',
    task: 'text',
    split: 'text',
    kind: 'text',
    layer: 'whole',
    item: 'whole',
    query: 'text',
    answer: 'text',
    prediction: 'text',
    correct: 'truth',
    answerLogProb: 'real',
    answerRank: 'whole',
    answerLogitDifference: 'real',
  },
  filters: filterNames,
}

const seeds: Columns = {
  types: {
    model: 'text',
    task: 'text',
    seeds: 'whole',
    baseline: 'real',
    baselineSd: 'real',
    hypothesis: 'real',
    hypothesisSd: 'real',
    regular: 'real',
    regularSd: 'real',
  },
  filters: ['model', 'task', 'category'],
}

/** Rows of `predictions` that a terminal gets where no limit is given. */
const terminalRows = 1000

interface ResultsOptions extends ResultFilter {
  db: string
  table: TableName
  format: Format
  json?: boolean
  limit?: number
  out?: string
}

/** `taskvec results [SWEEP]`. */
export function resultsCommand(): Command {
  return new Command('results')
    .description('Results of a sweep: the tables of the paper, those beyond it, or every prediction.')
    .argument('[sweep]', 'id or name (default: the latest)')
    .addOption(new Option('--table <table>', 'which table').choices([...tableNames]).default('main'))
    .addOption(new Option('--format <format>', 'how it is printed').choices([...formats]).default('table'))
    .option('--json', 'the same as --format json')
    .option('--model <id>', 'only this model')
    .option('--task <id>', 'only this task')
    .option('--category <name>', 'only tasks of this category')
    .option(
      '--kind <kind>',
      'only these predictions (baseline, regular, hypothesis), or this analysis of beyond',
    )
    .option('--layer <L>', 'only this layer', wholeNumber(0))
    .option(
      '--limit <rows>',
      `rows at most (a terminal's predictions: ${terminalRows}; 0: all)`,
      wholeNumber(0),
    )
    .option('--out <file>', 'the file that --format parquet writes')
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
Intervals are Wilson's, 95 %. Rows stand in the config's order, whatever order they were computed in. --format latex gives
the paper's Table 6 (main), 2 (conflicting), 3 and 7 (projection). --table seeds: mean and standard deviation over the
sweeps that one config with several seeds made.

Examples:
  $ taskvec results
  $ taskvec results quickstart --table layers --task algorithmic_to_upper
  $ taskvec results --table conflicting --format latex > table-2.tex
  $ taskvec results --table predictions --kind hypothesis --format csv > predictions.csv
  $ taskvec results --table predictions --format parquet --out predictions.parquet`,
    )
    .action(results)
}

function results(wanted: string | undefined, options: ResultsOptions): void {
  const { db, table } = options
  const format = options.json ? 'json' : options.format
  if ((format === 'parquet') !== (options.out !== undefined))
    throw new TaskvecError('USAGE', '--format parquet and --out FILE go together', {
      hint: 'Other formats go to stdout: redirect them with > FILE.',
    })
  const shape = shapeOf(table)
  for (const filter of filterNames) {
    if (options[filter] !== undefined && !shape.filters.includes(filter))
      throw new TaskvecError('USAGE', `the table ${table} has no filter --${filter}`, {
        hint: `It has: ${shape.filters.map((name) => `--${name}`).join(', ')}`,
      })
  }
  const reader = openReadOnly(db)
  try {
    const sweep = findSweep(reader, wanted)
    const progress = sweepProgress(reader, sweep.id)
    checkName(
      'model',
      options.model,
      progress.map(({ model }) => model),
    )
    checkName(
      'task',
      options.task,
      progress.map(({ task }) => task),
    )
    const write = (text: string) => process.stdout.write(text)
    const limit = options.limit ?? (format === 'table' && table === 'predictions' ? terminalRows : 0)
    const rows = limited(rowsOf(reader, table, sweep.id, options), limit === 0 ? Infinity : limit)
    const columns = Object.keys(shape.types)
    if (table === 'main' && format === 'table')
      write(`${renderMainTable(mainResults(reader, sweep.id, options))}\n`)
    else if (format === 'latex' && table in paperLayout)
      write(paperLayout[table as keyof typeof paperLayout]([...rows] as unknown[]))
    else if (format === 'parquet') {
      const types = Object.entries(shape.types).map(([name, type]) => [name, parquetTypes[type]] as const)
      writeParquet(rows, columns, Object.fromEntries(types), options.out as string)
    } else writeRows(rows, columns, format, write)

    const open = progress.filter(({ complete }) => !complete).length
    if (open > 0)
      process.stderr.write(
        `Sweep ${sweep.id} is ${sweep.status}: ${open} of ${progress.length} tasks are not complete. taskvec status shows which.\n`,
      )
  } finally {
    reader.close()
  }
}

const parquetTypes = { text: 'STRING', whole: 'INT32', real: 'DOUBLE', truth: 'BOOLEAN' } as const

const paperLayout = {
  main: (rows: unknown[]) => tableLatex(table6(rows as MainRow[])),
  conflicting: (rows: unknown[]) => tableLatex(table2(rows as ConflictingRow[])),
  projection: (rows: unknown[]) =>
    tables3And7(rows as ProjectedToken[])
      .map(tableLatex)
      .join('\n'),
}

function shapeOf(table: TableName): Columns {
  if (table === 'predictions') return predictions
  if (table === 'seeds') return seeds
  const { columns, filters } = resultTables[table]
  const types = Object.entries(columns).map(([key, [, type]]): [string, ColumnType] => [key, type])
  const intervals = { main: ['hypothesis', 'regular'], layers: ['accuracy'] } as Partial<
    Record<TableName, string[]>
  >
  for (const name of intervals[table] ?? []) types.push([`${name}Low`, 'real'], [`${name}High`, 'real'])
  return { types: Object.fromEntries(types), filters }
}

type Reader = ReturnType<typeof openReadOnly>

function rowsOf(db: Reader, table: TableName, sweep: string, filter: ResultFilter): Iterable<Row> {
  if (table === 'predictions') return predictionResults(db, sweep, filter) as unknown as Iterable<Row>
  if (table === 'seeds') return seedRows(sweepGroup(db, sweep).flatMap((id) => mainResults(db, id, filter)))
  const rows = tableRows(db, table, sweep, filter)
  if (table === 'main') return withIntervals(rows, ['hypothesis', 'regular'], 'testItems')
  return table === 'layers' ? withIntervals(rows, ['accuracy'], 'items') : rows
}

function* withIntervals(rows: Iterable<Row>, names: readonly string[], count: string): Generator<Row> {
  for (const row of rows) {
    const items = row[count] as number
    const bounds = names.flatMap((name) => {
      const { low, high } = wilsonInterval(Math.round((row[name] as number) * items), items)
      return [
        [`${name}Low`, low],
        [`${name}High`, high],
      ] as const
    })
    yield { ...row, ...Object.fromEntries(bounds) }
  }
}

/** Mean and standard deviation (divisor n - 1) over the sweeps of one config, one per seed. */
function seedRows(rows: readonly MainRow[]): Row[] {
  return groupBy(rows, ({ model, task }) => `${model}\n${task}`).map(([, of]) => {
    const { model, task } = of[0] as MainRow
    const over = (kind: 'baseline' | 'hypothesis' | 'regular') => {
      const { mean, sd } = meanAndSd(of.map((row) => row[kind]))
      return { [kind]: mean, [`${kind}Sd`]: sd }
    }
    return { model, task, seeds: of.length, ...over('baseline'), ...over('hypothesis'), ...over('regular') }
  })
}

function* limited(rows: Iterable<Row>, limit: number): Generator<Row> {
  let count = 0
  for (const row of rows) {
    if (count++ === limit) {
      process.stderr.write(`The first ${limit} rows; --limit 0 prints all.\n`)
      return
    }
    yield row
  }
}

function checkName(what: string, name: string | undefined, known: readonly string[]): void {
  const names = [...new Set(known)]
  if (name === undefined || names.includes(name)) return
  throw new TaskvecError('USAGE', `the sweep has no ${what} "${name}"${didYouMean(name, names)}`, {
    hint: `It has: ${names.join(', ')}`,
  })
}
