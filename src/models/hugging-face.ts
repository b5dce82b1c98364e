import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ListFileEntry } from '@huggingface/hub'
import { describeError, TaskvecError } from '../domain/errors.js'
import { baseRepository } from '../weights/lora.js'
import { ensureFreeSpace, readableSize } from './free-space.js'
import type { Manifest } from './manifest.js'
import type { Fetch } from './fetch.js'
import {
  addSnapshot,
  cachedCommit,
  cachedSnapshot,
  isCommit,
  repositoryFolder,
  setRef,
} from '../weights/hub-cache.js'
import type { ModelRef } from './locate.js'
import { type Repository, openRepository } from './hub-repository.js'
import { type RemoteFile, remoteFile, fetchFile, matching, sizeOf } from './hub-file.js'

const fixedNames = new Set([
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
])

/** Of a LoRA adapter. */
const adapterNames = ['adapter_config.json', 'adapter_model.safetensors']

/** A repository may hold weights in several formats: the first of these that it has is fetched. */
const weightForms: readonly { readonly weights: RegExp; readonly index?: string }[] = [
  { weights: /^model\.safetensors$/ },
  { weights: /^model-\d{5}-of-\d{5}\.safetensors$/, index: 'model.safetensors.index.json' },
  { weights: /^pytorch_model\.bin$/ },
  { weights: /^pytorch_model-\d{5}-of-\d{5}\.bin$/, index: 'pytorch_model.bin.index.json' },
]

/**
 * Fetches a repository's config, tokenizer and weights (safetensors, else PyTorch's) at the commit that the catalogue's revision currently
 * points to. Respects HF_ENDPOINT and HF_TOKEN. Errors: DOWNLOAD.
 */
export async function fetchFromHuggingFace(context: Fetch): Promise<Manifest> {
  const { model, draft, report, signal } = context
  if (model.repository === undefined)
    throw new TaskvecError('DOWNLOAD', `${model.id}: the catalogue names no repository`)
  const repository = await openRepository(model.repository, model.revision, signal)
  const files = chosen(await repository.files(), repository.name)
  const total = sum(files.map(({ bytes }) => bytes))
  report({
    kind: 'step',
    text: `Hugging Face: ${repository.name} at ${repository.commit.slice(0, 12)}: ${files.length} files, ${readableSize(total)}`,
  })
  ensureFreeSpace(draft, total - sum(readdirSync(draft).map((name) => sizeOf(join(draft, name)))))

  const fetched = []
  for (const file of files) {
    const target = join(draft, file.name)
    const sha256 = (await matching(target, file)) ?? (await fetchFile(repository, file, target, context))
    fetched.push({ name: file.name, bytes: file.bytes, sha256 })
  }
  // Parts of an earlier commit's files.
  for (const name of readdirSync(draft).filter((name) => !files.some((file) => file.name === name)))
    rmSync(join(draft, name), { recursive: true })
  return {
    id: model.id,
    source: 'huggingface',
    name: repository.name,
    revision: repository.commit,
    files: fetched,
  }
}

/**
 * Fetches a repository's model into Hugging Face's cache, unless it is there, and returns the commit. A commit is never fetched
 * again; if the host is unreachable, a branch keeps its last known commit. An adapter comes with its base. Errors: DOWNLOAD, MODEL.
 */
export async function fetchIntoCache(
  model: ModelRef & { readonly repo: string },
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<string> {
  const commit = await fetchSnapshot(model, context)
  const base = baseRepository(cachedSnapshot(model.repo, commit) ?? '')
  if (base) await fetchSnapshot({ id: model.id, ...base }, context)
  return commit
}

async function fetchSnapshot(
  { repo, revision = 'main', commit: pinned }: ModelRef & { readonly repo: string },
  { report, signal }: Pick<Fetch, 'report' | 'signal'>,
): Promise<string> {
  const wanted = pinned ?? revision
  if (isCommit(wanted) && cachedSnapshot(repo, wanted)) return wanted
  let repository: Repository
  try {
    repository = await openRepository(repo, wanted, signal)
  } catch (error) {
    const last = cachedCommit(repo, wanted)
    if (signal.aborted || last === null || !cachedSnapshot(repo, last)) throw error
    report({
      kind: 'step',
      text: `${describeError(error)}; using the last known commit of ${repo}, ${last.slice(0, 12)}`,
    })
    return last
  }
  const { commit } = repository
  if (!cachedSnapshot(repo, commit)) {
    const files = chosen(await repository.files(), repo)
    const blobs = join(repositoryFolder(repo), 'blobs')
    mkdirSync(blobs, { recursive: true })
    const missing = files.filter(({ hash }) => !existsSync(join(blobs, hash.hex)))
    const total = sum(missing.map(({ bytes }) => bytes))
    report({
      kind: 'step',
      text: `Hugging Face: ${repo} at ${commit.slice(0, 12)}: ${missing.length} files, ${readableSize(total)}`,
    })
    ensureFreeSpace(blobs, total)
    for (const file of missing)
      await fetchFile(repository, file, join(blobs, file.hash.hex), { report, signal })
    addSnapshot(repo, commit, new Map(files.map(({ name, hash }) => [name, hash.hex])))
  }
  if (pinned === undefined) setRef(repo, revision, commit)
  return commit
}

/** The files that make the model: config, tokenizer, and one form of the weights. */
function chosen(entries: readonly ListFileEntry[], repository: string): RemoteFile[] {
  const names = entries.map(({ path }) => path)
  if (adapterNames.every((name) => names.includes(name)) && !names.includes('config.json'))
    return entries.filter(({ path }) => adapterNames.includes(path)).map(remoteFile)
  const form = weightForms.find(
    ({ weights, index }) =>
      names.some((name) => weights.test(name)) && (index === undefined || names.includes(index)),
  )
  const missing = ['config.json', 'tokenizer.json'].filter((name) => !names.includes(name))
  if (!form) missing.push('model.safetensors or pytorch_model.bin')
  if (form && missing.length === 0)
    return entries
      .filter(({ path }) => fixedNames.has(path) || form.weights.test(path) || path === form.index)
      .map(remoteFile)
  throw new TaskvecError('DOWNLOAD', `Hugging Face: ${repository} holds no ${missing.join(', ')}`, {
    hint: "Save it in that form with transformers (save_pretrained of the model and of its tokenizer), and name the folder's path.",
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}
