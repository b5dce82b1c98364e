import { Command, Option } from 'commander'
import { didYouMean } from '../domain/nearest.js'
import { TaskvecError } from '../domain/errors.js'
import type { RunKind } from '../domain/types.js'
import { formats, writeRows, type Format, type Row } from '../report/formats.js'
import { renderMainTable } from '../report/main-table.js'
import { openReadOnly } from '../store/open.js'
import {
  findSweep,
  layerResults,
  mainResults,
  predictionResults,
  sweepProgress,
  type MainRow,
  type ResultFilter,
} from '../store/results.js'
import { dbOption, wholeNumber } from './options.js'

const columns = {
  main: [
    'model',
    'task',
    'category',
    'baseline',
    'hypothesis',
    'regular',
    'bestLayer',
    'baselineItems',
    'testItems',
    'devItems',
  ],
  layers: ['model', 'task', 'layer', 'accuracy', 'items'],
  predictions: [
    'model',
    'task',
    'split',
    'kind',
    'layer',
    'item',
    'query',
    'answer',
    'prediction',
    'correct',
  ],
} as const
type TableName = keyof typeof columns

interface ResultsOptions extends ResultFilter {
  db: string
  table: TableName
  format: Format
  json?: boolean
}

/** `taskvec results [SWEEP]`. */
export function resultsCommand(): Command {
  return new Command('results')
    .description('Results of a sweep: the main table, accuracies by layer, or every prediction.')
    .argument('[sweep]', 'id or name (default: the latest)')
    .addOption(new Option('--table <table>', 'which table').choices(Object.keys(columns)).default('main'))
    .addOption(new Option('--format <format>', 'how it is printed').choices([...formats]).default('table'))
    .option('--json', 'the same as --format json')
    .option('--model <id>', 'only this model')
    .option('--task <id>', 'only this task')
    .addOption(
      new Option('--kind <kind>', 'only these predictions').choices([
        'baseline',
        'regular',
        'hypothesis',
      ] satisfies RunKind[]),
    )
    .option('--layer <L>', 'only this layer', wholeNumber(0))
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
Intervals are Wilson's, 95 %. Rows stand in the config's order, whatever order they were computed in.

Examples:
  $ taskvec results
  $ taskvec results quickstart --table layers --task algorithmic_to_upper
  $ taskvec results --table predictions --kind hypothesis --format csv > predictions.csv`,
    )
    .action(results)
}

function results(wanted: string | undefined, options: ResultsOptions): void {
  const { db, table } = options
  const format = options.json ? 'json' : options.format
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

    const rows = {
      main: () => mainResults(reader, sweep.id, options),
      layers: () => layerResults(reader, sweep.id, options),
      predictions: () => predictionResults(reader, sweep.id, options),
    }[table]()
    if (table === 'main' && format === 'table')
      process.stdout.write(`${renderMainTable(rows as MainRow[])}\n`)
    else
      writeRows(rows as unknown as Iterable<Row>, columns[table], format, (text) =>
        process.stdout.write(text),
      )

    const open = progress.filter(({ complete }) => !complete).length
    if (open > 0)
      process.stderr.write(
        `Sweep ${sweep.id} is ${sweep.status}: ${open} of ${progress.length} tasks are not complete. taskvec status shows which.\n`,
      )
  } finally {
    reader.close()
  }
}

function checkName(what: string, name: string | undefined, known: readonly string[]): void {
  const names = [...new Set(known)]
  if (name === undefined || names.includes(name)) return
  throw new TaskvecError('USAGE', `the sweep has no ${what} "${name}"${didYouMean(name, names)}`, {
    hint: `It has: ${names.join(', ')}`,
  })
}
