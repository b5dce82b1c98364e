import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { getHFHubCachePath, getRepoFolderName } from '@huggingface/hub'
import { z } from 'zod'

/**
 * Hugging Face's cache in the layout of its Python library, so each finds what the other downloaded: `models--owner--name` has the
 * files of all commits in `blobs`, named by hash, links to them in `snapshots/<commit>`, and the commit of a branch or tag in
 * `refs/<revision>`.
 */
export function hubCache(): string {
  return getHFHubCachePath()
}

export function repositoryFolder(repo: string): string {
  return join(hubCache(), getRepoFolderName({ type: 'model', name: repo }))
}

/** Snapshot folder of a commit, or of the commit that a branch or tag last pointed to locally; null if the model is incomplete. */
export function cachedSnapshot(repo: string, revision: string): string | null {
  const commit = isCommit(revision) ? revision : cachedCommit(repo, revision)
  const folder = commit && join(repositoryFolder(repo), 'snapshots', commit)
  return folder && isWhole(folder) ? folder : null
}

export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

/** Commit that a branch or tag last pointed to locally; null if unknown. */
export function cachedCommit(repo: string, revision: string): string | null {
  const ref = join(repositoryFolder(repo), 'refs', revision)
  const commit = existsSync(ref) ? readFileSync(ref, 'utf8').trim() : ''
  return isCommit(commit) ? commit : null
}

/**
 * Links blobs into a snapshot and returns its folder.
 * @param blobs file name -> hash
 */
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

/** Whether a folder is a LoRA adapter, which needs a base model (lora.ts). */
export function isAdapter(folder: string): boolean {
  return existsSync(join(folder, 'adapter_config.json')) && !existsSync(join(folder, 'config.json'))
}

/** Whether config, tokenizer and weights in one format exist, or an adapter's weights. A snapshot never holds partial files. */
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
