import { Command, Option } from 'commander'
import { defaultDatabase } from '../system/home.js'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { collectVectors, type VectorChoice } from '../export/collect.js'
import { storedVectors } from '../export/list.js'
import { writeNpyFolder, writeSafetensors } from '../export/write.js'
import { boxedTable } from '../report/boxed-table.js'
import { openReadOnly, type Reader } from '../store/open.js'
import { settingsOfGroup } from '../store/settings.js'
import { findSweep } from '../store/sweeps.js'
import { libraryNames, namedVectors } from '../vectors/library.js'
import { vectorsHash } from '../vectors/vector.js'
import { dbOption } from './options.js'
import { toStdout } from './stdout.js'
import { expanded } from '../system/home.js'
import { rangesOf, layerList } from './layer-ranges.js'
import { importCommand } from './vectors-import.js'

/** `taskvec vectors list|export|import`. */
export function vectorsCommand(): Command {
  return new Command('vectors')
    .addCommand(listCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ taskvec vectors list
  $ taskvec vectors export --out thetas.safetensors
  $ taskvec vectors export quickstart --layers all --format npy --out thetas
  $ taskvec vectors import control.gguf --name honesty
  $ taskvec predict --vector honesty --scale 1.5 --prompt "The earth is"`,
    )
}

interface Filters {
  db: string
  model?: string
  task?: string
}

function listCommand(): Command {
  return new Command('list')
    .description('List the θ that a sweep has stored, and the vectors in the library.')
    .argument('[sweep]', 'id, group or name (default: the latest)')
    .option('--model <id>', 'only this model')
    .option('--task <id>', 'only this task')
    .addOption(dbOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Every θ of the main experiment can be exported: those not stored are recomputed
from the stored items.

Examples:
  $ taskvec vectors list
  $ taskvec vectors list quickstart --json`,
    )
    .action(list)
}

function list(wanted: string | undefined, options: Filters & { json?: boolean }): void {
  const library = libraryNames().map((name) => {
    const { vectors, mode, metadata } = namedVectors(name)
    const layers = [...new Set(vectors.map(({ layer }) => layer))]
    const width = vectors[0]?.values.length ?? 0
    return {
      name,
      vectors: vectors.length,
      dModel: width,
      layers,
      mode,
      hash: vectorsHash(vectors),
      source: metadata['source'] ?? '',
    }
  })
  const stored = inDatabase(wanted, options)
  if (options.json) return toStdout(JSON.stringify({ stored, library }) + '\n')
  if (stored.length > 0)
    toStdout(
      boxedTable(
        ['model', 'task', 'setting', 'experiment', 'stored after block', 'of each', 'd_model'],
        stored.map((row) => [
          ...[row.model, row.task, row.setting, row.experiment, rangesOf(row.layers)],
          ...[row.perItem ? `${row.items} items` : 'mean', row.dModel],
        ]),
        [6],
      ) + '\n',
    )
  else toStdout('No sweep has stored θ yet.\n')
  if (library.length > 0)
    toStdout(
      boxedTable(
        ['library', 'vectors', 'layers', 'd_model', 'mode', 'from'],
        library.map((row) => [
          ...[row.name, row.vectors, rangesOf(row.layers.filter((layer) => layer !== null)) || 'any'],
          ...[row.dModel, row.mode, row.source],
        ]),
        [1, 3],
      ) + '\n',
    )
}

/** [] without a database, as on a machine that only imports vectors. */
function inDatabase(wanted: string | undefined, { db, model, task }: Filters) {
  if (wanted === undefined && db === defaultDatabase() && !existsSync(db)) return []
  using reader = openReadOnly(db)
  return storedVectors(reader, sweepsOf(reader, wanted), { model, task })
}

/** Only the sweep if its id is given; by group, by name or by default, all settings of its config. */
function sweepsOf(reader: Reader, wanted: string | undefined): string[] {
  const sweep = findSweep(reader, wanted)
  return sweep.id === wanted ? [sweep.id] : settingsOfGroup(reader, sweep).map(({ id }) => id)
}

interface ExportOptions extends Filters {
  layers: VectorChoice['layers']
  perItem?: boolean
  experiment: string
  out: string
  format?: 'safetensors' | 'npy'
  json?: boolean
}

function exportCommand(): Command {
  return new Command('export')
    .description('Write the θ of a sweep to a safetensors file or a folder of NumPy arrays.')
    .argument('[sweep]', 'id, group or name (default: the latest)')
    .requiredOption('--out <file>', 'file to write, or folder with --format npy', expanded)
    .addOption(
      new Option(
        '--format <format>',
        'output format (default: safetensors if --out ends in .safetensors, else npy)',
      ).choices(['safetensors', 'npy']),
    )
    .addOption(
      new Option('--layers <which>', 'best, all, or layers such as 4,10-12')
        .default('best')
        .argParser(layerList),
    )
    .option('--per-item', 'θ of each test item instead of their mean')
    .option(
      '--experiment <name>',
      'experiment whose θ to export: main, or another one of vectors list',
      'main',
    )
    .option('--model <id>', 'only this model')
    .option('--task <id>', 'only this task')
    .addOption(dbOption())
    .option('--json', 'print one line {"out", "vectors", "hash"}')
    .addHelpText(
      'after',
      `
Each vector is an F32 tensor [d_model] named model/task/setting/L<layer>: the θ
that replaces the last token's residual stream after block L (0-based).
__metadata__ (npy: manifest.json) has model, content hash, prompt, k, seed and
origin. θ that the sweep did not store are recomputed from its items, which needs
the model; storeThetas: all in a config stores them.

Examples:
  $ taskvec vectors export --out thetas.safetensors
  $ taskvec vectors export quickstart --layers all --task algorithmic_to_upper --out upper.safetensors
  $ taskvec vectors export --per-item --layers 10-12 --format npy --out thetas
  $ taskvec vectors export --experiment robustness --per-item --out robust.safetensors`,
    )
    .action(exportVectors)
}

async function exportVectors(wanted: string | undefined, options: ExportOptions): Promise<void> {
  const { db, layers, perItem = false, experiment, model, task } = options
  const format = options.format ?? (options.out.endsWith('.safetensors') ? 'safetensors' : 'npy')
  const out = resolve(options.out)
  using reader = openReadOnly(db)
  const choice = { layers, perItem, experiment, model, task }
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const vectors = await collectVectors(reader, sweepsOf(reader, wanted), choice, say)
  if (format === 'npy') writeNpyFolder(out, vectors)
  else writeSafetensors(out, vectors)
  const hash = vectorsHash(
    vectors.map(({ metadata, values }) => ({ layer: Number(metadata['layer']), values })),
  )
  toStdout(
    options.json
      ? JSON.stringify({
          out,
          format,
          vectors: vectors.length,
          names: vectors.map(({ name }) => name),
          hash,
        }) + '\n'
      : `${vectors.length} ${vectors.length === 1 ? 'vector' : 'vectors'} written to ${options.out}; the first is ${vectors[0]?.name ?? ''}\n`,
  )
}
