import { Command, Option } from 'commander'
import { TaskvecError } from '../domain/errors.js'
import { cellsOf, compareCells, publishedCells } from '../report/compare.js'
import { textFormats, writeRows, type Row, type TextFormat } from '../report/formats.js'
import { paperResults } from '../report/paper-results.js'
import { openReadOnly } from '../store/open.js'
import { findSweep, mainResults } from '../store/results.js'
import { dbOption } from './options.js'

const columns = [
  'model',
  'task',
  'kind',
  'ours',
  'ourItems',
  'theirs',
  'theirItems',
  'difference',
  'low',
  'high',
  'p',
  'verdict',
]

interface CompareOptions {
  db: string
  with?: string
  format: TextFormat
  json?: boolean
}

/** `taskvec compare [SWEEP]`. */
export function compareCommand(): Command {
  return new Command('compare')
    .description(
      'Each accuracy of a sweep beside the published one, or beside another sweep’s, with a verdict.',
    )
    .argument('[sweep]', 'id or name (default: the latest)')
    .option('--with <sweep>', 'another sweep instead of the published results')
    .addOption(
      new Option('--format <format>', 'how it is printed').choices([...textFormats]).default('table'),
    )
    .option('--json', 'the same as --format json')
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
low and high: Newcombe's interval, 95 %, of the difference; both sides' items count, the published run's 50 too. p: Fisher's
exact test, adjusted by Holm for the number of comparisons. higher, lower: p < 0.05. consistent: not so, and the interval
rules out a difference of 0.20. Else there are too few items to tell.

Examples:
  $ taskvec compare
  $ taskvec compare smollm2 --with smollm2-42 --format csv`,
    )
    .action((wanted: string | undefined, options: CompareOptions) => {
      const reader = openReadOnly(options.db)
      try {
        const sweep = findSweep(reader, wanted)
        const other = options.with === undefined ? null : findSweep(reader, options.with)
        const theirs = other ? cellsOf(mainResults(reader, other.id)) : publishedCells(paperResults())
        const rows = compareCells(cellsOf(mainResults(reader, sweep.id)), theirs)
        if (rows.length === 0)
          throw new TaskvecError(
            'USAGE',
            `${sweep.id} and ${other?.id ?? 'the published results'} have no model and task in common`,
            {
              hint: other
                ? 'Compare sweeps of the same models and tasks.'
                : 'Compare it with another sweep: --with SWEEP.',
            },
          )
        writeRows(rows as unknown as Row[], columns, options.json ? 'json' : options.format, (text) =>
          process.stdout.write(text),
        )
      } finally {
        reader.close()
      }
    })
}
