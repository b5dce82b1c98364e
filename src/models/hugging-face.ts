import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  datasetInfo,
  downloadFile,
  HubApiError,
  listFiles,
  modelInfo,
  type ListFileEntry,
} from '@huggingface/hub'
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

/** A host that has not answered by then is taken as unreachable, after one more try. */
const answerWithinMs = 6_000
/** Tries in a row that brought no byte; a long download may be cut more often than that. */
const fruitlessTries = 4

const fixedNames = new Set([
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
])
/** Of a LoRA adapter. */
const adapterNames = ['adapter_config.json', 'adapter_model.safetensors']
/** Of the forms of weights that a repository may hold beside each other, the first that it has is fetched. */
const weightForms: readonly { readonly weights: RegExp; readonly index?: string }[] = [
  { weights: /^model\.safetensors$/ },
  { weights: /^model-\d{5}-of-\d{5}\.safetensors$/, index: 'model.safetensors.index.json' },
  { weights: /^pytorch_model\.bin$/ },
  { weights: /^pytorch_model-\d{5}-of-\d{5}\.bin$/, index: 'pytorch_model.bin.index.json' },
]

/**
 * Fetches a repository's config, tokenizer and weights (safetensors, else PyTorch's) at the commit that the catalogue's revision stands
 * for now. Respects HF_ENDPOINT and HF_TOKEN. Errors: DOWNLOAD.
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
 * Brings a repository's model into Hugging Face's own cache, unless it is there, and gives the commit. A commit is never asked for
 * again; where the host cannot be reached, a branch is what it last was. An adapter comes with its base. Errors: DOWNLOAD, MODEL.
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
    report({ kind: 'step', text: `${describeError(error)}; ${repo} as it was last: ${last.slice(0, 12)}` })
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

interface RemoteFile {
  readonly name: string
  readonly bytes: number
  /** sha256 of the content for large files, which lie beside git; git's own blob hash for those within it. */
  readonly hash: { readonly kind: 'sha256' | 'git'; readonly hex: string }
}

interface Repository {
  readonly name: string
  readonly commit: string
  files(): Promise<ListFileEntry[]>
  file(path: string): Promise<Blob | null>
}

export async function openRepository(
  name: string,
  revision: string,
  signal: AbortSignal,
  type: 'model' | 'dataset' = 'model',
): Promise<Repository> {
  const hubUrl = (process.env['HF_ENDPOINT'] ?? 'https://huggingface.co').replace(/\/+$/, '')
  const accessToken = process.env['HF_TOKEN']
  const access = { hubUrl, ...(accessToken ? { accessToken } : {}) }
  const repo = { type, name } as const
  const within = (ms: number | null): typeof fetch => {
    const limits = ms === null ? [signal] : [signal, AbortSignal.timeout(ms)]
    return (input, init) => fetch(input, { ...init, signal: AbortSignal.any(limits) })
  }

  const ask = async <T>(question: (fetch: typeof globalThis.fetch) => Promise<T>): Promise<T> => {
    try {
      return await question(within(answerWithinMs))
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw refusal(hubUrl, name, error)
      await sleep(1000, undefined, { signal })
    }
    try {
      return await question(within(answerWithinMs))
    } catch (error) {
      throw refusal(hubUrl, name, error)
    }
  }

  const { sha: commit } = await ask((fetch) => {
    const asked = { name, revision, additionalFields: ['sha' as const], fetch, ...access }
    return type === 'model' ? modelInfo(asked) : datasetInfo(asked)
  })
  return {
    name,
    commit,
    files: () =>
      ask(async (fetch) => {
        const files: ListFileEntry[] = []
        const recursive = type === 'dataset'
        for await (const file of listFiles({ repo, revision: commit, recursive, fetch, ...access }))
          files.push(file)
        return files
      }),
    // Not by the xet protocol: a plain range request goes on from any byte of a download that was cut.
    file: (path) =>
      downloadFile({ repo, path, revision: commit, xet: false, fetch: within(null), ...access }),
  }
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

export function remoteFile({ path: name, size: bytes, lfs, oid }: ListFileEntry): RemoteFile {
  const hex = lfs?.oid ?? oid ?? ''
  if (!Number.isSafeInteger(bytes) || bytes < 0 || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex))
    throw new TaskvecError('DOWNLOAD', `Hugging Face: ${name}: listed with size ${bytes} and hash "${hex}"`)
  return { name, bytes, hash: { kind: lfs ? 'sha256' : 'git', hex } }
}

/** Returns the file's sha256. */
export async function fetchFile(
  repository: Repository,
  file: RemoteFile,
  target: string,
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<string> {
  // Named after its hash: a part of another version of the file is never continued.
  const part = join(dirname(target), `${file.hash.hex}.part`)
  let fruitless = 0
  while (sizeOf(part) !== file.bytes) {
    const before = sizeOf(part)
    try {
      await append(repository, file, part, context)
    } catch (error) {
      if (sizeOf(part) > file.bytes) rmSync(part)
      fruitless = sizeOf(part) > before ? 0 : fruitless + 1
      const failure = refusal('Hugging Face', file.name, error)
      if (context.signal.aborted || !mayPass(error) || fruitless === fruitlessTries) throw failure
      const text = `${file.name}: cut off (${reasonOf(error)}); going on from ${readableSize(sizeOf(part))}`
      context.report({ kind: 'step', text })
      await sleep(500 * 2 ** fruitless, undefined, { signal: context.signal })
    }
  }
  const sha256 = await matching(part, file)
  if (sha256 !== null) {
    renameSync(part, target)
    return sha256
  }
  rmSync(part, { force: true })
  throw new TaskvecError(
    'DOWNLOAD',
    `Hugging Face: ${file.name}: its hash is not the one that the repository records: altered on the way`,
    {
      hint: 'Try again; if it persists, something between here and Hugging Face changes the file.',
    },
  )
}

async function append(
  repository: Repository,
  file: RemoteFile,
  part: string,
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<void> {
  let done = sizeOf(part)
  const blob = await repository.file(file.name)
  if (blob?.size !== file.bytes) {
    const offered = blob ? `${blob.size} bytes` : 'nothing'
    throw new TaskvecError(
      'DOWNLOAD',
      `Hugging Face: ${file.name}: ${offered} offered, ${file.bytes} bytes listed`,
    )
  }
  const count = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length
      context.report({ kind: 'bytes', file: file.name, done, total: file.bytes })
      next(done > file.bytes ? new Error('more bytes came than were asked for') : null, chunk)
    },
  })
  const body = Readable.fromWeb(blob.slice(done).stream())
  await pipeline(body, count, createWriteStream(part, { flags: 'a' }), { signal: context.signal })
}

/** The sha256 of the file at `path` where it is the listed one, else null. */
async function matching(path: string, { bytes, hash }: RemoteFile): Promise<string | null> {
  if (statSync(path, { throwIfNoEntry: false })?.size !== bytes) return null
  const sha256 = createHash('sha256')
  // Git hashes a header, then the content.
  const git = createHash('sha1').update(`blob ${bytes}\0`)
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    sha256.update(chunk as Buffer)
    if (hash.kind === 'git') git.update(chunk as Buffer)
  }
  const digest = sha256.digest('hex')
  return (hash.kind === 'git' ? git.digest('hex') : digest) === hash.hex ? digest : null
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

/** Refusals stay refusals; a host that is busy or cannot be reached may be there a moment later. */
function mayPass(error: unknown): boolean {
  if (error instanceof TaskvecError) return false
  return !(error instanceof HubApiError) || error.statusCode === 429 || error.statusCode >= 500
}

function refusal(where: string, what: string, error: unknown): TaskvecError {
  if (error instanceof TaskvecError) return error
  if (error instanceof HubApiError) {
    const hint =
      error.statusCode === 401 || error.statusCode === 403
        ? 'A model that asks for consent needs it given on its page, and HF_TOKEN set to a token of that account.'
        : undefined
    const message = `Hugging Face: ${what}: answered ${error.statusCode} (${where})`
    return new TaskvecError('DOWNLOAD', message, { cause: error, ...(hint ? { hint } : {}) })
  }
  return new TaskvecError('DOWNLOAD', `Hugging Face: not reachable (${where}: ${reasonOf(error)})`, {
    cause: error,
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause as NodeJS.ErrnoException | undefined
  return cause?.code ?? cause?.message ?? error.message
}
