import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'

/**
 * Resolves the folder that holds a model's files. For a `models--org--name` folder of Hugging Face's cache (files of each commit
 * in `snapshots/<commit>` as links into `blobs`, the commit of each branch in `refs/<branch>`), returns main's snapshot or the only
 * one. Returns any other folder unchanged. Throws MODEL if the snapshot is ambiguous or missing.
 */
export function snapshotFolder(folder: string): string {
  const snapshots = join(folder, 'snapshots')
  if (
    existsSync(join(folder, 'config.json')) ||
    !statSync(snapshots, { throwIfNoEntry: false })?.isDirectory()
  )
    return folder
  const found = readdirSync(snapshots)
  const ref = join(folder, 'refs', 'main')
  if (statSync(ref, { throwIfNoEntry: false })?.size === 40) {
    const commit = basename(readFileSync(ref, 'utf8').trim())
    if (found.includes(commit)) return join(snapshots, commit)
  }
  if (found.length === 1) return join(snapshots, found[0] as string)
  throw new TaskvecError('MODEL', `${folder}: ${found.length} snapshots, and refs/main names none of them`, {
    hint: 'Name the folder of one snapshot, snapshots/<commit>.',
  })
}
