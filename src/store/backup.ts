import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { TaskvecError } from '../domain/errors.js'
import { guarded, openReadOnly } from './open.js'

/** More pages than any file has: a copy in a single step cannot be restarted by a writer. */
const allPages = 0x7fffffff

/**
 * Copies a consistent snapshot of the results database into one self-contained file, even while a sweep writes. The copy is checked
 * before it gets its name. Returns its size in bytes. Errors: STORE, STORE_BUSY.
 */
export async function backUp(db: string, file: string): Promise<number> {
  if (existsSync(file))
    throw new TaskvecError('STORE', `${file}: already exists; a backup never overwrites a file`, {
      hint: 'Choose another name, or move the file.',
    })
  guarded(file, () => mkdirSync(dirname(file), { recursive: true }))
  const reader = openReadOnly(db)
  const draft = `${file}.${process.pid}.part`
  try {
    await reader.backup(draft, { progress: () => allPages }).catch((error: unknown) =>
      guarded(file, () => {
        throw error
      }),
    )
    guarded(draft, () => checkAlone(draft))
    renameSync(draft, file)
    return statSync(file).size
  } finally {
    reader.close()
    for (const rest of ['', '-wal', '-shm', '-journal']) rmSync(`${draft}${rest}`, { force: true })
  }
}

/**
 * Takes the copy out of WAL mode, so that it is a single file, checks it and flushes it to disk. It gets its own database identity: a
 * workflow still running for the original is ahead of the copy and must not be joined.
 */
function checkAlone(file: string): void {
  const copy = new Database(file)
  try {
    copy.pragma('journal_mode = DELETE')
    copy.prepare('update identity set id = ?').run(randomUUID())
    const [first] = copy.pragma('integrity_check') as { integrity_check: string }[]
    if (first?.integrity_check !== 'ok')
      throw new TaskvecError(
        'STORE',
        `the copy is damaged: ${first?.integrity_check ?? 'it cannot be read'}`,
        { hint: 'Check the database itself: taskvec verify --sample 0.' },
      )
  } finally {
    copy.close()
  }
  const descriptor = openSync(file, 'r+')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
