import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { getHFHubCachePath, getRepoFolderName } from '@huggingface/hub'
import { z } from 'zod'

/**
 * Hugging Face's cache, as its Python library keeps it: `models--owner--name` with the files of all commits under their hashes in
 * `blobs`, links to them in `snapshots/<commit>`, and the commit of a branch or tag in `refs/<revision>`. Either side finds what
 * the other fetched.
 */
export function hubCache(): string {
  return getHFHubCachePath()
}

export function repositoryFolder(repo: string): string {
  return join(hubCache(), getRepoFolderName({ type: 'model', name: repo }))
}

/** The folder of a commit, or of what a branch or tag last stood for here; null where not all of the model is there. */
export function cachedSnapshot(repo: string, revision: string): string | null {
  const commit = isCommit(revision) ? revision : cachedCommit(repo, revision)
  const folder = commit && join(repositoryFolder(repo), 'snapshots', commit)
  return folder && isWhole(folder) ? folder : null
}

export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

/** The commit that a branch or tag last stood for here. */
export function cachedCommit(repo: string, revision: string): string | null {
  const ref = join(repositoryFolder(repo), 'refs', revision)
  const commit = existsSync(ref) ? readFileSync(ref, 'utf8').trim() : ''
  return isCommit(commit) ? commit : null
}

/** Makes blobs a snapshot. @param blobs the hash of each of its files */
export function addSnapshot(repo: string, commit: string, blobs: ReadonlyMap<string, string>): string {
  const folder = join(repositoryFolder(repo), 'snapshots', commit)
  mkdirSync(folder, { recursive: true })
  for (const [name, hash] of blobs) {
    rmSync(join(folder, name), { force: true })
    symlinkSync(join('..', '..', 'blobs', hash), join(folder, name))
  }
  return folder
}

export function setRef(repo: string, revision: string, commit: string): void {
  if (isCommit(revision)) return
  const ref = join(repositoryFolder(repo), 'refs', revision)
  mkdirSync(dirname(ref), { recursive: true })
  writeFileSync(ref, commit)
}

const shards = z.object({ weight_map: z.record(z.string(), z.string()) })

/** A LoRA adapter, to which a base belongs (lora.ts). */
export function isAdapter(folder: string): boolean {
  return existsSync(join(folder, 'adapter_config.json')) && !existsSync(join(folder, 'config.json'))
}

/** Whether config, tokenizer and one form of the weights are there; files of a cache are there as a whole or not at all. */
function isWhole(folder: string): boolean {
  const has = (name: string) => existsSync(join(folder, name))
  if (isAdapter(folder)) return has('adapter_model.safetensors')
  if (!has('config.json') || !has('tokenizer.json')) return false
  return ['model.safetensors', 'pytorch_model.bin'].some((file) => {
    if (has(file)) return true
    if (!has(`${file}.index.json`)) return false
    const index = shards.safeParse(JSON.parse(readFileSync(join(folder, `${file}.index.json`), 'utf8')))
    return index.success && Object.values(index.data.weight_map).every(has)
  })
}
