import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { taskvecHome } from '../config/home.js'
import { sha256 } from '../domain/identity.js'

/**
 * sha256 over the names and contents of a model's files. A file's own hash is remembered under its path, size, inode
 * and modification time, so that only the first load of a large model reads it all.
 */
export async function contentHash(files: readonly string[]): Promise<string> {
  const parts: string[] = []
  for (const file of [...files].sort()) parts.push(`${basename(file)} ${await fileHash(file)}`)
  return sha256(parts.join('\n'))
}

export async function fileHash(file: string): Promise<string> {
  const { size, ino, mtimeNs } = statSync(file, { bigint: true })
  const remembered = join(taskvecHome(), 'hashes', sha256(`${file} ${size} ${ino} ${mtimeNs}`))
  const known = readText(remembered)
  if (known && /^[0-9a-f]{64}$/.test(known)) return known

  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) digest.update(chunk as Buffer)
  const hash = digest.digest('hex')
  // Beside and renamed: a reader never sees half a hash.
  mkdirSync(join(taskvecHome(), 'hashes'), { recursive: true })
  const draft = `${remembered}.${process.pid}`
  writeFileSync(draft, hash)
  renameSync(draft, remembered)
  return hash
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
