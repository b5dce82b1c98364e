import Database from 'better-sqlite3'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { guarded, openDatabase, openReadOnly } from '../../src/store/open.js'
import { openStore } from '../../src/store/store.js'
import { completeDatabase, newDatabase, sweep } from './sample.js'

const folder = () => mkdtempSync(join(tmpdir(), 'taskvec-'))

describe('opening the database', () => {
  it('creates it if there is none, durable and with foreign keys', () => {
    const file = join(folder(), 'new', 'deep', 'results.db')
    const db = openDatabase(file)
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(db.pragma('synchronous', { simple: true })).toBe(2) // FULL
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
    expect(() =>
      db
        .prepare(
          "insert into sweep_models (sweep_id, model_id, position, source) values ('none', 'm', 0, '')",
        )
        .run(),
    ).toThrow('FOREIGN KEY')
    db.close()
  })

  it('has an SQLite without the WAL bug of versions before 3.51.3', () => {
    const db = new Database(':memory:')
    const [major = 0, minor = 0, patch = 0] = String(db.prepare('select sqlite_version()').pluck().get())
      .split('.')
      .map(Number)
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(3_051_003)
    db.close()
  })

  it('again keeps its contents', () => {
    const file = completeDatabase()
    const before = readFileSync(file)
    openDatabase(file).close()
    expect(readFileSync(file)).toEqual(before)
  })

  it('completes a file whose creator was killed, also when it is opened for reading', () => {
    const marked = (statements: string) => {
      const file = join(folder(), 'half.db')
      const half = new Database(file)
      half.exec(statements)
      half.close()
      return file
    }
    const marks = 'pragma application_id = 1953721206'
    for (const file of [marked(marks), marked(`${marks}; pragma journal_mode = wal`)]) {
      const db = openReadOnly(file)
      expect(db.prepare('select count(*) from identity').pluck().get()).toBe(1)
      db.close()
    }
  })

  it('refuses a database of a newer taskvec, untouched', () => {
    const file = completeDatabase()
    const db = new Database(file)
    db.pragma('user_version = 999')
    db.close()
    const before = readFileSync(file)
    for (const open of [openDatabase, openReadOnly])
      expect(() => open(file)).toThrow(`${file}: made by a newer taskvec (schema 999; this one knows`)
    expect(readFileSync(file)).toEqual(before)
  })

  it("refuses another program's database, untouched", () => {
    const file = newDatabase()
    const db = new Database(file)
    db.exec('create table mine (x)')
    db.close()
    const before = readFileSync(file)
    for (const open of [openDatabase, openReadOnly])
      expect(() => open(file)).toThrow(`${file}: an SQLite database, but not taskvec's`)
    expect(readFileSync(file)).toEqual(before)
  })

  it('refuses a file that is not a database, and a folder', () => {
    const file = newDatabase()
    writeFileSync(file, 'name: quickstart\n'.repeat(100))
    expect(() => openDatabase(file)).toThrow(`${file}: not an SQLite database`)
    expect(() => openDatabase(dirname(file))).toThrow(`${dirname(file)}: a folder, not a database`)
    expect(() => openReadOnly(dirname(file))).toThrow(`${dirname(file)}: a folder, not a database`)
  })

  it('refuses a truncated file', () => {
    const file = completeDatabase()
    truncateSync(file, statSync(file).size - 20_000)
    expect(() => {
      const store = openStore(file)
      try {
        store.createSweep(sweep('s-9'))
      } finally {
        store.close()
      }
    }).toThrow(expect.objectContaining({ code: 'STORE' }) as Error)
  })

  it('for reading needs an existing database', () => {
    const file = newDatabase()
    expect(() => openReadOnly(file)).toThrow(`${file}: no such database`)
    const reader = openReadOnly(completeDatabase())
    expect(() => reader.prepare("update sweeps set status = 'failed'").run()).toThrow('readonly')
    reader.close()
  })

  it('reports that a file or folder is read-only', () => {
    const file = completeDatabase()
    chmodSync(file, 0o444)
    chmodSync(dirname(file), 0o555)
    const attempt = (what: string) => {
      const script = `import { openDatabase } from '${join(projectRoot(), 'src/store/open.ts')}'
        try { openDatabase('${what}').exec("update sweeps set status = 'failed'") } catch (error) { console.log(error.code, error.message) }`
      // Permissions do not bind root: nobody tries.
      const user = process.getuid?.() === 0 ? { uid: 65534 } : {}
      const args = ['--import', 'tsx', '--input-type=module', '-e', script]
      return execFileSync(process.execPath, args, { cwd: projectRoot(), encoding: 'utf8', ...user })
    }
    expect(attempt(file)).toContain(`STORE ${file}: cannot be written: the file or its folder is read-only`)
    const other = join(dirname(file), 'other.db')
    expect(attempt(other)).toContain(`STORE ${other}: cannot be written: the file or its folder is read-only`)
  })

  it('by two processes at once creates one database', () => {
    const file = newDatabase()
    const script = `import { openDatabase } from '${join(projectRoot(), 'src/store/open.ts')}'; openDatabase('${file}').close()`
    execFileSync(
      'sh',
      [
        '-c',
        `for i in 1 2 3; do "${process.execPath}" --import tsx --input-type=module -e "$0" & pids="$pids $!"; done; for p in $pids; do wait $p || exit 1; done`,
        script,
      ],
      { cwd: projectRoot(), stdio: 'pipe' },
    )
    const reader = openReadOnly(file)
    expect(reader.pragma('integrity_check', { simple: true })).toBe('ok')
    reader.close()
  })
})

describe('migrations', () => {
  it('are those that the schema in code gives: generating again finds no difference', () => {
    const copy = folder()
    for (const name of ['migrations', 'drizzle.config.ts'])
      execFileSync('cp', ['-r', join(projectRoot(), name), copy])
    for (const name of ['src', 'node_modules']) symlinkSync(join(projectRoot(), name), join(copy, name))
    const out = execFileSync(
      process.execPath,
      [join(projectRoot(), 'node_modules', 'drizzle-kit', 'bin.cjs'), 'generate'],
      { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    )
    expect(out).toContain('No schema changes')
  })
})

describe("SQLite's errors", () => {
  it.each([
    ['SQLITE_BUSY', 'STORE_BUSY', 'another process has locked the database', true],
    ['SQLITE_FULL', 'STORE_BUSY', 'the disk is full; nothing was written', true],
    ['ENOSPC', 'STORE_BUSY', 'the disk is full; nothing was written', true],
    ['SQLITE_IOERR_WRITE', 'STORE_BUSY', 'the disk failed or is full (SQLITE_IOERR_WRITE)', true],
    ['SQLITE_READONLY', 'STORE', 'cannot be written: the file or its folder is read-only', false],
    ['SQLITE_CORRUPT', 'STORE', 'cannot be opened', false],
  ])('%s becomes %s', (code, expected, message, retryable) => {
    const failing = () => {
      throw Object.assign(new Error('disk I/O error'), { code })
    }
    expect(() => guarded('/x/results.db', failing)).toThrow(
      expect.objectContaining({
        code: expected,
        retryable,
        message: expect.stringContaining(`/x/results.db: ${message}`) as unknown,
      }) as Error,
    )
  })

  it('a real full database is one of them, and loses nothing', () => {
    const file = completeDatabase()
    const db = openDatabase(file)
    db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`)
    const fill = db.transaction(() => {
      for (let i = 0; i < 10_000; i++)
        db.prepare('insert into items values (?, 0, ?, ?, ?, ?, ?, null)').run(`h${i}`, '', '', '', '', '')
    })
    expect(() => guarded(file, () => fill())).toThrow(`${file}: the disk is full; nothing was written`)
    expect(db.prepare("select count(*) from items where items_hash like 'h%'").pluck().get()).toBe(0)
    db.close()
  })
})
