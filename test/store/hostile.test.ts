import Database from 'better-sqlite3'
import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { knownMigrations, statementsBetween } from '../../src/store/migrations.js'
import { openDatabase, openReadOnly } from '../../src/store/open.js'
import { completeDatabase, newDatabase } from './sample.js'

/** Files by others that look like ours and define what would never end, or take all memory, when it is met. */
const endless = 'with recursive c(x) as (select 1 union all select x + 1 from c) select'
const hostile: Readonly<Record<string, { readonly sql: string; readonly says: string }>> = {
  'a view that never ends': {
    sql: `drop view layers; create view layers as ${endless} 's' as sweep, 'm' as model, 't' as task, x as layer, 0 as accuracy, 0 as correct, 0 as items, 0 as reused from c`,
    says: 'view "layers" is not as taskvec makes it',
  },
  'a view that takes all memory': {
    sql: `drop view results; create view results as ${endless} group_concat(zeroblob(1000000)) as sweep from c`,
    says: 'view "results" is not as taskvec makes it',
  },
  'a view of its own': {
    sql: `create view mine as ${endless} x from c`,
    says: 'view "mine" is not taskvec\'s',
  },
  'a trigger at every change of a status': {
    sql: `create trigger slow after update on sweeps begin insert into task_pairs ${endless} 'h' || x, 0, '', '', '' from c; end`,
    says: 'trigger "slow" is not taskvec\'s',
  },
  'an index that computes': {
    sql: 'create index slow on predictions (length(zeroblob(1000000 * item)))',
    says: 'index "slow" is not taskvec\'s',
  },
  'a table instead of a view': {
    sql: 'drop view results; create table results (sweep, model, task)',
    says: 'table "results" is not taskvec\'s',
  },
  'a table with a column that is computed': {
    sql: 'alter table timings add column slow generated always as (hex(zeroblob(100000000))) virtual',
    says: 'table "timings" is not as taskvec makes it',
  },
  'a missing table': { sql: 'drop table timings', says: 'table "timings" is missing' },
}

function altered(sql: string): string {
  const file = completeDatabase()
  const db = new Database(file)
  db.exec(sql)
  db.close()
  return file
}

describe('a database file by others', () => {
  it.each(Object.entries(hostile))('with %s is refused by name, untouched', (_, { sql, says }) => {
    const file = altered(sql)
    const before = readFileSync(file)
    for (const open of [openDatabase, openReadOnly])
      expect(() => open(file)).toThrow(expect.objectContaining({ code: 'STORE' }) as Error)
    for (const open of [openDatabase, openReadOnly]) expect(() => open(file)).toThrow(`${file}: ${says}`)
    expect(readFileSync(file)).toEqual(before)
  })

  it('of an older version is compared with the schema of that version', () => {
    const older = (sql: string) => {
      const file = newDatabase()
      const db = new Database(file)
      const before = knownMigrations() - 1
      for (const statement of statementsBetween(0, before)) db.exec(statement)
      db.exec(`pragma application_id = 1953721206; pragma user_version = ${before}; ${sql}`)
      db.close()
      return file
    }
    expect(() => openReadOnly(older(''))).not.toThrow()
    const [trigger] = Object.values(hostile).filter(({ sql }) => sql.startsWith('create trigger'))
    expect(() => openReadOnly(older(trigger?.sql ?? ''))).toThrow(trigger?.says)
  })

  it('that was analysed, vacuumed and put into another journal mode is read as before', () => {
    const file = altered('analyze')
    const db = new Database(file)
    db.pragma('journal_mode = delete')
    db.exec('vacuum')
    db.close()
    openReadOnly(file).close()
    openDatabase(file).close()
  })

  it('makes every command end at once with the same message', async () => {
    const { sql, says } = hostile['a view that never ends'] as { sql: string; says: string }
    const file = altered(sql)
    const commands = [
      ...[['results'], ['results', '--table', 'layers'], ['status'], ['report'], ['serve', '--port', '0']],
      ...[['verify', '--sample', '0'], ['sql', 'select * from layers'], ['compare'], ['cancel', 'sample-1']],
      ...[['resume'], ['workers'], ['backup', `${file}.copy`]],
    ].map((command) => [...command, '--db', file])
    commands.push(['merge', newDatabase(), file])
    for (const command of commands) {
      const { exitCode, stderr, timedOut } = await execa(
        process.execPath,
        [join(projectRoot(), 'bin', 'taskvec.js'), ...command],
        { reject: false, timeout: 120_000, stdin: 'ignore' },
      )
      const seen = { command: command[0], exitCode, timedOut, said: stderr.includes(says) }
      expect(seen).toEqual({ command: command[0], exitCode: 1, timedOut: false, said: true })
    }
  })
})
