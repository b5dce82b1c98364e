import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { TaskvecError } from '../domain/errors.js'
import { outsideCause } from '../domain/outside-causes.js'

/** Whether opening failed because SQLite cannot write beside the file, where even readers create an index of the write-ahead log. */
export function onReadOnlyMedium(file: string, error: unknown): boolean {
  const codes = [error, (error as Error).cause].map((each) => String((each as { code?: unknown })?.code))
  const refused = codes.some((code) => /^SQLITE_(CANTOPEN|READONLY)/.test(code))
  return refused && !(writable(file) && writable(dirname(file)))
}

/** Whether the file, or the folder of a missing one, is writable. */
export function writable(file: string): boolean {
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Opens a read-only copy of the database, without a write-ahead log, in the system's temporary folder. The copy is unlinked before this
 * returns, so its space is freed when it is closed. `prepare` checks and migrates it.
 */
export function openReadableCopy(
  file: string,
  prepare: (copy: Database.Database) => void,
): Database.Database {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
  try {
    const path = join(folder, 'copy.db')
    copy(file, path)
    const owner = new Database(path)
    try {
      prepare(owner)
      owner.pragma('journal_mode = DELETE')
    } finally {
      owner.close()
    }
    return new Database(path, { readonly: true })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function copy(file: string, to: string): void {
  try {
    for (const end of ['', '-wal']) {
      if (!existsSync(file + end)) continue
      copyFileSync(file + end, to + end)
      chmodSync(to + end, 0o600)
    }
  } catch (error) {
    const megabytes = Math.ceil(statSync(file).size / 1e6)
    throw new TaskvecError(
      'STORE',
      `${file}: its folder is read-only, and no copy can be made: ${outsideCause(error)?.message ?? String(error)}`,
      { cause: error, hint: `Name a folder with room for ${megabytes} MB: TMPDIR=FOLDER taskvec …` },
    )
  }
}

export function isFolder(file: string): boolean {
  try {
    return statSync(file).isDirectory()
  } catch {
    return false
  }
}
