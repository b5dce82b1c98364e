import { Command, InvalidArgumentError, Option } from 'commander'
import { basename, resolve } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { collectVectors, type VectorChoice } from '../export/collect.js'
import { storedVectors } from '../export/list.js'
import { writeNpyFolder, writeSafetensors } from '../export/write.js'
import { boxedTable } from '../report/boxed-table.js'
import { openReadOnly } from '../store/open.js'
import { settingsOfGroup } from '../store/settings.js'
import { findSweep } from '../store/sweeps.js'
import { libraryNames, namedVectors, saveVectors } from '../vectors/library.js'
import { readVectors, sourceHash } from '../vectors/read.js'
import { vectorModes, vectorsHash, type Vector, type VectorMode } from '../vectors/vector.js'
import { dbOption, wholeNumber } from './options.js'
import { toStdout } from './stdout.js'
import { expanded } from '../system/home.js'

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
    .description('List the θ that a sweep has stored, and the vectors of the library.')
    .argument('[sweep]', 'id, group or name (default: the latest)')
    .option('--model <id>', 'only this model')
    .option('--task <id>', 'only this task')
    .addOption(dbOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Any θ of the main experiment can be exported: what is not stored is computed from the stored items.

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

/** A machine that only imports vectors has no database yet. */
function inDatabase(wanted: string | undefined, { db, model, task }: Filters) {
  let reader
  try {
    reader = openReadOnly(db)
  } catch (error) {
    if (wanted === undefined && error instanceof TaskvecError) return []
    throw error
  }
  try {
    return storedVectors(reader, sweepsOf(reader, wanted), { model, task })
  } finally {
    reader.close()
  }
}

/** A sweep by its id alone; by its group or name, or where none is named, with all settings of its config. */
function sweepsOf(reader: ReturnType<typeof openReadOnly>, wanted: string | undefined): string[] {
  const sweep = findSweep(reader, wanted)
  return sweep.id === wanted ? [sweep.id] : settingsOfGroup(reader, sweep).map(({ id }) => id)
}

function rangesOf(layers: readonly number[]): string {
  const parts: string[] = []
  for (let i = 0; i < layers.length;) {
    let end = i
    while (layers[end + 1] === (layers[end] as number) + 1) end++
    parts.push(end === i ? String(layers[i]) : `${layers[i]}-${layers[end]}`)
    i = end + 1
  }
  return parts.join(',')
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
    .description('Write the θ of a sweep as a safetensors file, or as a folder of NumPy arrays.')
    .argument('[sweep]', 'id, group or name (default: the latest)')
    .requiredOption('--out <file>', 'the file, or the folder of --format npy', expanded)
    .addOption(
      new Option('--format <format>', 'default: safetensors where --out ends so, else npy').choices([
        'safetensors',
        'npy',
      ]),
    )
    .addOption(
      new Option('--layers <which>', 'best, all, or some, for instance 4,10-12')
        .default('best')
        .argParser(layerList),
    )
    .option('--per-item', "each test item's θ, not their mean")
    .option('--experiment <name>', 'whose θ: main, or one that stores its own (vectors list)', 'main')
    .option('--model <id>', 'only this model')
    .option('--task <id>', 'only this task')
    .addOption(dbOption())
    .option('--json', 'print one line {"out", "vectors", "hash"}')
    .addHelpText(
      'after',
      `
One F32 tensor [d_model] per vector, named model/task/setting/L<layer>: θ after block L (0-based), as it takes the place of the last
token's residual stream. All else is in __metadata__ (manifest.json): model, content hash, prompt, k, seed, how it was made. θ that
the sweep did not store are computed from its items: that needs the model (storeThetas: all in a config stores them).

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
  const reader = openReadOnly(db)
  try {
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
        : `${vectors.length} ${vectors.length === 1 ? 'vector' : 'vectors'} in ${options.out}, the first is ${vectors[0]?.name ?? ''}\n`,
    )
  } finally {
    reader.close()
  }
}

/** `best`, `all`, `4`, `4,10-12`. */
export function layerList(text: string): VectorChoice['layers'] {
  if (text === 'best' || text === 'all') return text
  const layers = text.split(',').flatMap((part) => {
    const [, from, to = from] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? []
    if (from === undefined || Number(to) < Number(from))
      throw new InvalidArgumentError('it must be best, all, or layers such as 4,10-12.')
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i)
  })
  return [...new Set(layers)].sort((a, b) => a - b)
}

interface ImportOptions {
  name: string
  layer?: number
  layerOffset: number
  mode?: VectorMode
  replace?: boolean
  json?: boolean
}

function importCommand(): Command {
  return new Command('import')
    .description('Bring vectors of a file into the library, under a name for configs and predict.')
    .argument(
      '<file>',
      'safetensors, .npy or a folder of them, a GGUF control vector, or what torch.save wrote',
      expanded,
    )
    .requiredOption('--name <name>', 'the name in the library (TASKVEC_HOME/vectors)')
    .option('--layer <L>', 'the block after which it belongs, of a file with one vector', wholeNumber(0))
    .option(
      '--layer-offset <n>',
      'added to every layer that the file names, for instance -1 where it counts hidden_states',
      (text: string) => {
        if (/^-?\d{1,4}$/.test(text)) return Number(text)
        throw new InvalidArgumentError('it must be a whole number, for instance -1.')
      },
      0,
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'how it is used by default: add for GGUF control vectors, else replace',
      ).choices([...vectorModes]),
    )
    .option('--replace', 'take the place of another vector of that name')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Layers are 0-based blocks, a vector belonging after the block (resid_post). They come from the tensors' names: direction.12 of repeng and
llama.cpp, L12, layers.12, blocks.12, 12; row i of a matrix is layer i. docs/vectors.md says how each writer counts.

Examples:
  $ taskvec vectors import control.gguf --name honesty
  $ taskvec vectors import theta.npy --name mine --layer 12
  $ taskvec vectors import hidden-states.pt --name steering --layer-offset -1 --mode add`,
    )
    .action(importVectors)
}

async function importVectors(file: string, options: ImportOptions): Promise<void> {
  const path = resolve(file)
  const read = readVectors(path)
  const vectors = read.vectors.map((vector) => ({
    ...vector,
    layer: layerIn(file, vector, options, read.vectors.length),
  }))
  const mode = options.mode ?? read.mode
  const metadata = { ...ofFile(read.metadata), source: basename(path), source_sha256: await sourceHash(path) }
  const hash = saveVectors({ name: options.name, vectors, mode, metadata }, options.replace === true)
  const layers = [...new Set(vectors.flatMap(({ layer }) => (layer === null ? [] : [layer])))].sort(
    (a, b) => a - b,
  )
  const dModel = vectors[0]?.values.length ?? 0
  toStdout(
    options.json
      ? JSON.stringify({ name: options.name, vectors: vectors.length, dModel, layers, mode, hash }) + '\n'
      : `${options.name}: ${vectors.length} ${vectors.length === 1 ? 'vector' : 'vectors'} of ${dModel} values, layers ${rangesOf(layers) || 'any'}, ${mode}\n`,
  )
}

/** Short strings only: what the file says of single tensors stays in it. */
function ofFile(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).filter(([key, value]) => !key.includes('/') && value.length <= 500),
  )
}

function layerIn(file: string, { name, layer }: Vector, options: ImportOptions, of: number): number | null {
  if (options.layer !== undefined) {
    if (of === 1) return options.layer
    throw new TaskvecError('USAGE', `${file} has ${of} vectors; --layer is for one`, {
      hint: 'Their layers are read from their names; --layer-offset shifts them.',
    })
  }
  if (layer === null) {
    if (of === 1) return null
    throw new TaskvecError('USAGE', `${file}: the name of tensor ${name} does not say its layer`, {
      hint: 'Name tensors L0, L1, ..; or save one vector a file and import it with --layer.',
    })
  }
  const shifted = layer + options.layerOffset
  if (shifted >= 0) return shifted
  throw new TaskvecError('USAGE', `${file}: tensor ${name} would be of layer ${shifted}`, {
    hint: 'Leave it out of the file, or choose another --layer-offset.',
  })
}
