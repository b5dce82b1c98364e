import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../system/home.js'
import { sha256 } from '../domain/identity.js'

/**
 * sha256 over a model's file contents, keyed by names that do not depend on the model's location: a copy, a renamed GGUF and
 * the symlinks of Hugging Face's cache all give the same hash.
 */
export async function hashOfFiles(files: ReadonlyMap<string, string>): Promise<string> {
  const parts: string[] = []
  for (const [name, path] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    parts.push(`${name} ${await fileHash(path)}`)
  return sha256(parts.join('\n'))
}

/** A file's sha256, cached by path, size, inode, mtime and ctime, so that only the first load reads the whole file. */
export async function fileHash(file: string): Promise<string> {
  const { size, ino, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
  const remembered = join(cacheFolder('hashes'), sha256(`${file} ${size} ${ino} ${mtimeNs} ${ctimeNs}`))
  const known = readText(remembered)
  if (known && /^[0-9a-f]{64}$/.test(known)) return known

  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) digest.update(chunk as Buffer)
  const hash = digest.digest('hex')
  remember(remembered, hash)
  return hash
}

/** Writes a draft and renames it, so a reader never sees a partial hash. If the cache is not writable, the next load hashes again. */
function remember(path: string, hash: string): void {
  const draft = `${path}.${process.pid}`
  try {
    mkdirSync(cacheFolder('hashes'), { recursive: true })
    writeFileSync(draft, hash)
    renameSync(draft, path)
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM', 'ENOSPC'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
