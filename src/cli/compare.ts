import { Command, InvalidArgumentError, Option } from 'commander'
import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import {
  compareCells,
  compareEach,
  sameModel,
  summarise,
  type Comparison,
  type Pairing,
} from '../report/compare.js'
import { bestLayerPairs, curvePoints } from '../report/comparison-cells.js'
import { describeNamesakes, namesakes } from '../report/namesakes.js'
import { publishedSide, sweepSide, type Side } from '../report/comparison-sides.js'
import type { Row } from '../figures/table.js'
import { writeRows } from '../report/formats.js'
import { textFormats, type TextFormat } from '../report/text-format.js'
import { openReadOnly } from '../store/open.js'
import { findSweep } from '../store/sweeps.js'
import { dbOption } from './options.js'
import { toStdout } from './stdout.js'

const tables = ['main', 'conflicting', 'layers', 'best-layers'] as const
type TableName = (typeof tables)[number]

interface CompareOptions {
  db: string
  table: TableName
  with?: string
  models?: ReadonlyMap<string, readonly string[]>
  allModels?: boolean
  format: TextFormat
  json?: boolean
}

/** `taskvec compare [SWEEP]`. */
export function compareCommand(): Command {
  return new Command('compare')
    .argument('[sweep]', 'id or name (default: the latest)')
    .addOption(new Option('--table <table>', 'what to compare').choices([...tables]).default('main'))
    .option('--with <sweep>', 'another sweep instead of the published results')
    .option('--models <ours=theirs...>', 'models to compare with each other if their ids differ', pairs)
    .option('--all-models', 'compare each of our models with each of theirs: one row of means per pair')
    .addOption(new Option('--format <format>', 'output format').choices([...textFormats]).default('table'))
    .option('--json', 'the same as --format json')
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
Tables: main is Table 6, conflicting Table 2, layers Figure 3 point by point;
best-layers compares their dev accuracy at our best L with that at their own.
Layers of models with different N are matched by depth, L / N. Published: main
for all seven models, layers for three, conflicting for llama-13b.

low, high: Newcombe's 95 % interval of the difference, from the items of both
sides (50 in the published run). p: Fisher's exact test, Holm-adjusted over the
comparisons of the table. Verdicts: higher or lower if p < 0.05; else consistent
if the interval excludes differences of 0.20 or more; else too few items to
tell. --all-models gives the mean difference over tasks, its bootstrap interval
(tasks resampled) and the number of tasks with each verdict.

Examples:
  $ taskvec compare
  $ taskvec compare --table conflicting
  $ taskvec compare smollm2 --models smollm2-135m-q4=pythia-2.8b
  $ taskvec compare quickstart --all-models
  $ taskvec compare smollm2 --with smollm2-42 --format csv`,
    )
    .action(compare)
}

function compare(wanted: string | undefined, options: CompareOptions): void {
  using reader = openReadOnly(options.db)
  const sweep = findSweep(reader, wanted)
  const other = options.with === undefined ? null : findSweep(reader, options.with)
  const theirs = other ? sweepSide(reader, other) : publishedSide()
  const except = other ? undefined : namesakes(reader, sweep.id)
  if (except) for (const note of describeNamesakes(except)) process.stderr.write(`note: ${note}\n`)
  const rows = compared(sweepSide(reader, sweep, except), theirs, options)
  const name = other?.id ?? 'the published results'
  if (rows.length === 0)
    throw new TaskvecError(
      'USAGE',
      `${sweep.id} and ${name} have nothing in common to compare in the table ${options.table}`,
      {
        hint: `Pair different models: --models OURS=THEIRS, or --all-models. Models of ${name}: ${modelsOf(theirs, options.table).join(', ') || 'none'}`,
      },
    )
  const format = options.json ? 'json' : options.format
  const all = Object.keys(rows[0] as Row)
  const same = rows.every(({ model, theirModel }) => model === theirModel)
  const left = same ? [...wide, 'theirModel'] : wide
  const columns = format === 'table' ? all.filter((column) => !left.includes(column)) : all
  writeRows(rows, columns, format, toStdout)
}

/** Columns left out of --format table, which a terminal may be too narrow for. */
const wide = ['oursLow', 'oursHigh', 'theirsLow', 'theirsHigh', 'depth', 'theirDepth']

function modelsOf(side: Side, table: TableName): string[] {
  const cells = table === 'main' ? side.main() : table === 'conflicting' ? side.conflicting() : side.curves()
  return [...new Set(cells.map(({ model }) => model))]
}

function compared(ours: Side, theirs: Side, options: CompareOptions): Row[] {
  const { table } = options
  const pairing = pairingOf(options, modelsOf(ours, table), modelsOf(theirs, table))
  if (table === 'best-layers') {
    const found = bestLayerPairs(ours.curves(), theirs.curves(), pairing)
    const comparisons = compareEach(found.map(({ cells }) => cells))
    if (options.allModels) return summarise(comparisons)
    return comparisons.map(({ model, theirModel, task, ...rest }, i) => {
      const { ours: there, theirs: best, theirItems: items, difference, low, high, p, verdict } = rest
      const row = {
        model,
        theirModel,
        task,
        ...found[i]?.layers,
        there,
        best,
        items,
        difference,
        low,
        high,
        p,
        verdict,
      }
      return row
    })
  }
  const comparisons: Comparison[] =
    table === 'layers'
      ? compareEach(curvePoints(ours.curves(), theirs.curves(), pairing).map(({ cells }) => cells))
      : compareCells(ours[table](), theirs[table](), pairing)
  return options.allModels ? summarise(comparisons) : comparisons
}

function pairingOf(
  { models, allModels }: CompareOptions,
  ours: readonly string[],
  theirs: readonly string[],
): Pairing {
  if (models && allModels)
    throw new TaskvecError('USAGE', '--models and --all-models cannot be combined', {
      hint: 'Give one of them.',
    })
  if (allModels) return () => theirs
  if (!models) return sameModel
  for (const [our, their] of models) {
    checkModel(our, ours, 'this sweep')
    for (const model of their) checkModel(model, theirs, 'the other side')
  }
  return (model) => models.get(model) ?? []
}

function checkModel(model: string, known: readonly string[], whose: string): void {
  if (known.includes(model)) return
  throw new TaskvecError(
    'USAGE',
    `${whose} has no model "${model}" in this table${didYouMean(model, known)}`,
    {
      hint: `It has: ${known.join(', ') || 'none'}`,
    },
  )
}

/** Parses OURS=THEIRS and adds it to the pairs given before. */
function pairs(
  text: string,
  before: ReadonlyMap<string, readonly string[]> = new Map(),
): ReadonlyMap<string, readonly string[]> {
  const [our, their, more] = text.split('=')
  if (!our || !their || more !== undefined)
    throw new InvalidArgumentError('It must be OURS=THEIRS, such as smollm2-135m-q4=pythia-2.8b.')
  return new Map([...before, [our, [...(before.get(our) ?? []), their]]])
}
