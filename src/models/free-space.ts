import { statfsSync } from 'node:fs'
import { TaskvecError } from '../domain/errors.js'

/** Space to leave free beyond the request, since a full disk hurts every other program. */
const spareBytes = 100_000_000

/** Throws DOWNLOAD if the folder's disk has no room for `bytes` more. */
export function ensureFreeSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  if (free >= bytes + spareBytes) return
  throw new TaskvecError(
    'DOWNLOAD',
    `${folder}: ${readableSize(free)} free, but ${readableSize(bytes + spareBytes)} are needed`,
    { hint: 'Free some space, or set TASKVEC_HOME to a folder on a larger disk.' },
  )
}

export function readableSize(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e3)} kB`
}
