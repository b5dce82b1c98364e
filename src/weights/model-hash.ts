import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../system/home.js'
import { sha256 } from '../domain/identity.js'

/**
 * sha256 over the contents of a model's files, under names that do not depend on where the model lies: a copy, a renamed
 * GGUF and Hugging Face's cache of links give the same hash.
 */
export async function hashOfFiles(files: ReadonlyMap<string, string>): Promise<string> {
  const parts: string[] = []
  for (const [name, path] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    parts.push(`${name} ${await fileHash(path)}`)
  return sha256(parts.join('\n'))
}

/** A file's sha256, remembered under its path, size, inode and times, so that only the first load reads it all. */
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

/** Beside and renamed: a reader never sees half a hash. Where nothing can be written, the next load reads again. */
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
