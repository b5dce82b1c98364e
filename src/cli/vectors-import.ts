import { expanded } from '../system/home.js'
import { Command, InvalidArgumentError, Option } from 'commander'
import { basename, resolve } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { saveVectors } from '../vectors/library.js'
import { readVectors, sourceHash } from '../vectors/read.js'
import { vectorModes, type Vector, type VectorMode } from '../vectors/vector.js'
import { wholeNumber } from './options.js'
import { toStdout } from './stdout.js'
import { rangesOf } from './layer-ranges.js'

interface ImportOptions {
  name: string
  layer?: number
  layerOffset: number
  mode?: VectorMode
  replace?: boolean
  json?: boolean
}

export function importCommand(): Command {
  return new Command('import')
    .description('Import vectors from a file into the library, under a name for configs and predict.')
    .argument(
      '<file>',
      'safetensors, .npy, a folder of .npy files, a GGUF control vector, or a torch.save file',
      expanded,
    )
    .requiredOption('--name <name>', 'name in the library (TASKVEC_HOME/vectors)')
    .option('--layer <L>', 'layer L of the vector, for a file with one vector', wholeNumber(0))
    .option(
      '--layer-offset <n>',
      'added to every layer that the file names, e.g. -1 if it counts as hidden_states does',
      (text: string) => {
        if (/^-?\d{1,4}$/.test(text)) return Number(text)
        throw new InvalidArgumentError('It must be a whole number, such as -1.')
      },
      0,
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'how predict and configs use it (default: add for GGUF control vectors, else replace)',
      ).choices([...vectorModes]),
    )
    .option('--replace', 'overwrite the vector of that name')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Layers are 0-based blocks; a vector belongs to the residual stream after its
block (resid_post). Layers are read from tensor names: direction.12 (repeng,
llama.cpp), L12, layers.12, blocks.12, 12; row i of a matrix is layer i.
docs/vectors.md describes how each tool counts.

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

/** Short strings only, and no metadata of single tensors. */
function ofFile(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).filter(([key, value]) => !key.includes('/') && value.length <= 500),
  )
}

function layerIn(file: string, { name, layer }: Vector, options: ImportOptions, of: number): number | null {
  if (options.layer !== undefined) {
    if (of === 1) return options.layer
    throw new TaskvecError('USAGE', `${file} has ${of} vectors; --layer is for a file with one`, {
      hint: 'Their layers are read from their names; --layer-offset shifts them.',
    })
  }
  if (layer === null) {
    if (of === 1) return null
    throw new TaskvecError('USAGE', `${file}: the name of tensor ${name} does not say its layer`, {
      hint: 'Name tensors L0, L1, .., or save one vector per file and import it with --layer.',
    })
  }
  const shifted = layer + options.layerOffset
  if (shifted >= 0) return shifted
  throw new TaskvecError('USAGE', `${file}: tensor ${name} would be at layer ${shifted}`, {
    hint: 'Leave it out of the file, or choose another --layer-offset.',
  })
}
