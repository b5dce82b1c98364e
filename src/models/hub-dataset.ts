import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { cacheFolder } from '../system/home.js'
import type { Fetch } from './fetch.js'
import { fetchFile, remoteFile } from './hub-file.js'
import { openRepository } from './hub-repository.js'
import { ensureFreeSpace } from './free-space.js'
import { isCommit } from '../weights/hub-cache.js'

/** A part of a data set on the Hugging Face Hub. */
export interface HubDataset {
  /** `owner/name` */
  readonly dataset: string
  readonly split: string
  /** One of its subsets, if there are several. */
  readonly subset?: string | undefined
  /** A branch, tag or commit. */
  readonly revision: string
}

/** Its files on this machine, and their commit. */
export interface FetchedDataset {
  readonly files: readonly string[]
  readonly commit: string
}

/** A data set may come in several formats: the first of these that it has is used. */
const forms = [/\.parquet$/, /\.(jsonl|ndjson)$/, /\.json$/, /\.csv$/, /\.tsv$/]
/** Where the Hub keeps a Parquet copy of other formats. */
const converted = 'refs/convert/parquet'
const largest = 500_000_000

/**
 * Fetches a split's files unless they are here; a commit is never fetched again. Respects HF_ENDPOINT and HF_TOKEN.
 * Errors: DOWNLOAD.
 */
export async function fetchDataset(
  wanted: HubDataset,
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<FetchedDataset> {
  const { dataset, revision } = wanted
  const known = isCommit(revision) ? kept(wanted, revision) : null
  if (known) return { files: known, commit: revision }
  const found =
    (await inRevision(wanted, revision, context)) ?? (await inRevision(wanted, converted, context))
  if (found) return found
  const part = wanted.subset === undefined ? '' : ` of "${wanted.subset}"`
  throw new TaskvecError(
    'DOWNLOAD',
    `Hugging Face: ${dataset} at ${revision} holds no Parquet, JSON or CSV files of the split "${wanted.split}"${part}`,
    { hint: `Its files: https://huggingface.co/datasets/${dataset}/tree/${revision}` },
  )
}

/** Null if the revision has no file of the split. */
async function inRevision(
  wanted: HubDataset,
  revision: string,
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<FetchedDataset | null> {
  const { dataset } = wanted
  let repository: Awaited<ReturnType<typeof openRepository>>
  try {
    repository = await openRepository(dataset, revision, context.signal, 'dataset')
  } catch (error) {
    if (revision === converted) return null // few have it
    throw error
  }
  const { commit } = repository
  const known = kept(wanted, commit)
  if (known) return { files: known, commit }
  const files = ofSplit(await repository.files(), wanted)
  if (files.length === 0) return null
  const total = files.reduce((sum, { size }) => sum + size, 0)
  if (total > largest)
    throw new TaskvecError(
      'DOWNLOAD',
      `Hugging Face: ${dataset}: ${total} bytes; at most ${largest} are fetched`,
    )
  const folder = folderOf(wanted, commit)
  mkdirSync(folder, { recursive: true })
  ensureFreeSpace(folder, total)
  context.report({
    kind: 'step',
    text: `Hugging Face: ${dataset} at ${commit.slice(0, 12)}: ${files.length} files`,
  })
  const names: string[] = []
  for (const entry of files) {
    const name = entry.path.replaceAll('/', '--')
    if (!existsSync(join(folder, name)))
      await fetchFile(repository, remoteFile(entry), join(folder, name), context)
    names.push(name)
  }
  writeFileSync(join(folder, listing(wanted)), JSON.stringify(names))
  return { files: names.map((name) => join(folder, name)), commit }
}

function ofSplit<Entry extends { readonly type: string; readonly path: string }>(
  entries: readonly Entry[],
  { dataset, split, subset }: HubDataset,
): Entry[] {
  const parts = (path: string) => path.split(/[/]/)
  const named = entries.filter(({ type, path }) => {
    const words = path.replace(/\.[a-z]+$/, '').split(/[/_.-]/)
    return type === 'file' && words.includes(split) && (subset === undefined || parts(path).includes(subset))
  })
  const form = forms.find((one) => named.some(({ path }) => one.test(path)))
  const files = named.filter(({ path }) => form?.test(path)).sort((a, b) => (a.path < b.path ? -1 : 1))
  const folders = [
    ...new Set(
      files.map(({ path }) =>
        parts(path)
          .slice(0, -1)
          .filter((name) => name !== split)
          .join('/'),
      ),
    ),
  ]
  if (folders.length > 1 && subset === undefined)
    throw new TaskvecError(
      'DOWNLOAD',
      `Hugging Face: ${dataset} has the split "${split}" in ${folders.slice(0, 20).join(', ')}`,
      { hint: `Say which: {dataset: ${dataset}, split: ${split}, subset: ${folders[0] ?? ''}}` },
    )
  return files
}

/** The files of a commit that were fetched before. */
function kept(wanted: HubDataset, commit: string): string[] | null {
  const folder = folderOf(wanted, commit)
  const list = join(folder, listing(wanted))
  if (!existsSync(list)) return null
  const files = (JSON.parse(readFileSync(list, 'utf8')) as string[]).map((name) => join(folder, name))
  return files.every((file) => existsSync(file)) ? files : null
}

function folderOf({ dataset }: HubDataset, commit: string): string {
  return join(cacheFolder('datasets'), dataset.replaceAll('/', '--'), commit)
}

function listing({ split, subset = '' }: HubDataset): string {
  return `${subset}@${split}.files.json`
}
