import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { TaskvecError } from '../domain/errors.js'
import { isFolder, onReadOnlyMedium, openReadableCopy, writable } from './readable-copy.js'
import { knownMigrations, nameOf, schemaAt, schemaOf, statementsBetween } from './migrations.js'

/** Marks the file as taskvec's for `file` and other tools: "tskv". */
const applicationId = 0x74736b76
/** SQLite before 3.51.3 could corrupt a WAL database when several connections checkpoint at once. */
const oldestSqlite = [3, 51, 3]

/** Opens the results database for writing, creating or migrating it as needed. Errors: STORE, STORE_BUSY. */
export function openDatabase(file: string): Database.Database {
  return guarded(file, () => {
    mkdirSync(dirname(file), { recursive: true })
    const sqlite = new Database(file, { timeout: 10_000 })
    try {
      checkVersion(sqlite)
      sqlite.transaction(() => checkOwner(file, sqlite))()
      useWriteAheadLog(sqlite)
      sqlite.pragma('synchronous = FULL')
      sqlite.pragma('foreign_keys = ON')
      applyMigrations(sqlite)
      return sqlite
    } catch (error) {
      sqlite.close()
      throw error
    }
  })
}

/** Closed at the end of the block where it is declared by `using`, or by `close`. */
export type Reader = Database.Database & Disposable

/**
 * Opens an existing database read-only; if it is on a read-only medium, a copy. Errors: STORE if it is missing, not taskvec's, or from
 * a newer version.
 */
export function openReadOnly(file: string): Reader {
  if (!existsSync(file)) {
    throw new TaskvecError('STORE', `${file}: no such database`, {
      hint: 'Run a sweep first (taskvec run CONFIG), or name another file with --db.',
    })
  }
  const reader = guarded(file, () => {
    try {
      return openReader(file)
    } catch (error) {
      if (!onReadOnlyMedium(file, error)) throw error
      return openReadableCopy(file, (copy) => {
        copy.transaction(() => checkOwner(file, copy))()
        refuseEmpty(file, copy)
        applyMigrations(copy)
      })
    }
  })
  return Object.assign(reader, { [Symbol.dispose]: () => void reader.close() })
}

function openReader(file: string): Database.Database {
  const sqlite = new Database(file, { readonly: true, timeout: 10_000 })
  try {
    sqlite.transaction(() => checkOwner(file, sqlite))()
    refuseEmpty(file, sqlite)
    // Migrate a database of an older taskvec, or of one killed while creating it.
    if (userVersion(sqlite) < knownMigrations()) openDatabase(file).close()
    return sqlite
  } catch (error) {
    sqlite.close()
    throw error
  }
}

function refuseEmpty(file: string, sqlite: Database.Database): void {
  if (sqlite.pragma('application_id', { simple: true }) === applicationId) return
  throw new TaskvecError('STORE', `${file}: an empty file, not a database`, {
    hint: 'Run a sweep first (taskvec run CONFIG), or name another file with --db.',
  })
}

/** Runs `work` and converts errors of SQLite and the file system into ours. */
export function guarded<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storeError(file, error)
  }
}

/** An error of SQLite or the file system as STORE or STORE_BUSY; other errors unchanged. */
export function storeError(file: string, error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  if (error instanceof TaskvecError || typeof code !== 'string') return error
  const { message } = error as Error
  if (isFolder(file))
    return new TaskvecError('STORE', `${file}: a folder, not a database`, {
      cause: error,
      hint: 'Name a file with --db.',
    })
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new TaskvecError('STORE_BUSY', `${file}: another process has locked the database: ${message}`, {
      cause: error,
      hint: 'Wait until it ends, or stop it.',
    })
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new TaskvecError('STORE_BUSY', `${file}: the disk is full; nothing was written`, {
      cause: error,
      hint: `Free some space under ${dirname(file)}, then run taskvec resume.`,
    })
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new TaskvecError(
      'STORE_BUSY',
      `${file}: the disk failed or is full (${code}); nothing was written`,
      { cause: error, hint: `Check the disk under ${dirname(file)}, then run taskvec resume.` },
    )
  }
  if (
    code.startsWith('SQLITE_READONLY') ||
    code === 'EACCES' ||
    code === 'EROFS' ||
    code === 'EPERM' ||
    (code.startsWith('SQLITE_CANTOPEN') && !writable(file))
  ) {
    return new TaskvecError('STORE', `${file}: cannot be written: the file or its folder is read-only`, {
      cause: error,
      hint: 'Change its permissions, or choose another file with --db.',
    })
  }
  if (code === 'SQLITE_NOTADB') {
    return new TaskvecError('STORE', `${file}: not an SQLite database`, {
      cause: error,
      hint: 'Choose another file with --db.',
    })
  }
  if (
    code === 'SQLITE_CORRUPT' ||
    code.startsWith('SQLITE_CANTOPEN') ||
    code === 'ENOTDIR' ||
    code === 'EEXIST' ||
    code === 'EISDIR'
  ) {
    return new TaskvecError('STORE', `${file}: cannot be opened: ${message}`, {
      cause: error,
      hint: 'Choose another file with --db, or restore this one from a copy.',
    })
  }
  if (code.startsWith('SQLITE_'))
    return new TaskvecError('STORE', `${file}: ${message} (${code})`, {
      cause: error,
      hint: 'See whether the file is damaged: taskvec verify --sample 0.',
    })
  return error
}

function checkVersion(sqlite: Database.Database): void {
  const version = sqlite.prepare('select sqlite_version()').pluck().get() as string
  const parts = version.split('.').map(Number)
  const older = oldestSqlite.findIndex((part, i) => parts[i] !== part)
  if (older >= 0 && (parts[older] as number) < (oldestSqlite[older] as number)) {
    throw new TaskvecError(
      'STORE',
      `SQLite ${version} is too old; ${oldestSqlite.join('.')} or later is needed`,
      { hint: 'Reinstall the dependencies: npm ci.' },
    )
  }
}

/** Refuses databases of other programs and newer versions. In a transaction, as another process may be creating the file. */
function checkOwner(file: string, sqlite: Database.Database): void {
  const id = sqlite.pragma('application_id', { simple: true }) as number
  if (id === applicationId) {
    const version = userVersion(sqlite)
    if (version <= knownMigrations()) return checkSchema(file, sqlite, version)
    throw new TaskvecError(
      'STORE',
      `${file}: made by a newer taskvec (schema ${version}; this one knows ${knownMigrations()})`,
      { hint: 'Update taskvec, or choose another file with --db. The file was not changed.' },
    )
  }
  const tables = sqlite.prepare('select count(*) from sqlite_master').pluck().get() as number
  if (id === 0 && tables === 0) return
  throw new TaskvecError('STORE', `${file}: an SQLite database, but not taskvec's`, {
    hint: 'Choose another file with --db. The file was not changed.',
  })
}

/**
 * Refuses a schema other than that of our migrations: views and triggers of an untrusted file would run arbitrary SQL within our own
 * statements.
 */
function checkSchema(file: string, sqlite: Database.Database, version: number): void {
  const missing = new Map(schemaAt(version))
  const refuse = (what: string) => {
    throw new TaskvecError('STORE', `${file}: ${what}; it is not read`, {
      hint: 'Keep tables, views, indices and triggers of your own in another file (ATTACH) and drop them here. If someone else altered the file, restore it from a copy.',
    })
  }
  for (const object of schemaOf(sqlite)) {
    const ours = missing.get(nameOf(object))
    if (!ours) refuse(`${nameOf(object)} is not taskvec's`)
    else if (ours.sql !== object.sql || ours.table !== object.table)
      refuse(`${nameOf(object)} is not as taskvec makes it`)
    missing.delete(nameOf(object))
  }
  for (const name of missing.keys()) refuse(`${name} is missing`)
}

/** In one transaction, so that a kill leaves all or nothing, and only one of two processes creates a new file. */
function applyMigrations(sqlite: Database.Database): void {
  if (userVersion(sqlite) === knownMigrations()) return
  sqlite
    .transaction(() => {
      for (const statement of statementsBetween(userVersion(sqlite), knownMigrations()))
        sqlite.exec(statement)
      sqlite
        .prepare('insert into identity (id) select ? where not exists (select 1 from identity)')
        .run(randomUUID())
      sqlite.pragma(`application_id = ${applicationId}`)
      sqlite.pragma(`user_version = ${knownMigrations()}`)
    })
    .immediate()
}

/** Retries, since SQLite does not wait here if two processes open a new file at once. */
function useWriteAheadLog(sqlite: Database.Database): void {
  for (let attempt = 1; ; attempt++) {
    try {
      sqlite.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (attempt === 10 || (error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    }
  }
}

function userVersion(sqlite: Database.Database): number {
  return sqlite.pragma('user_version', { simple: true }) as number
}
