import Database from 'better-sqlite3'
import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { backUp } from '../../src/store/backup.js'
import { openReadOnly } from '../../src/store/open.js'
import { openStore } from '../../src/store/store.js'
import { completeDatabase, newDatabase, runTask, sweep } from './sample.js'

describe('a backup', () => {
  it('is one self-contained file with the contents of the database', async () => {
    const db = completeDatabase()
    const file = join(dirname(db), 'copies', 'copy.db')
    const bytes = await backUp(db, file)
    expect(bytes).toBeGreaterThan(4096)
    expect(readdirSync(dirname(file))).toEqual(['copy.db'])
    const rows = (from: string) => {
      const reader = openReadOnly(from)
      const all = reader.prepare('select * from item_predictions').all()
      reader.close()
      return all
    }
    expect(rows(file)).toEqual(rows(db))
  })

  it('of a database during writes is a consistent snapshot: whole transactions, up to some point', async () => {
    const db = newDatabase()
    const store = openStore(db)
    const file = join(dirname(db), 'copy.db')
    let written = 0
    let copied = false
    const copy = backUp(db, file).then(() => (copied = true))
    while (!copied) {
      const id = `s-${written++}`
      store.createSweep(sweep(id))
      runTask(store, id, 'upper', [0, 1, 2, 3])
      await new Promise(setImmediate)
    }
    await copy
    store.close()
    const reader = new Database(file, { readonly: true })
    const count = (sql: string) => reader.prepare(sql).pluck().get() as number
    const sweeps = count('select count(*) from sweeps')
    expect(sweeps).toBeLessThanOrEqual(written)
    // Each sweep has its models and tasks, or is not there.
    expect(count('select count(*) from sweep_tasks')).toBe(2 * sweeps)
    expect(reader.pragma('integrity_check', { simple: true })).toBe('ok')
    reader.close()
  })

  it('overwrites nothing, and leaves nothing behind if it fails', async () => {
    const db = completeDatabase()
    const file = join(dirname(db), 'mine.txt')
    writeFileSync(file, 'mine')
    await expect(backUp(db, file)).rejects.toMatchObject({ code: 'STORE' })
    await expect(backUp(join(dirname(db), 'none.db'), join(dirname(db), 'new.db'))).rejects.toThrow(
      'no such database',
    )
    await expect(backUp(db, join(file, 'below-a-file.db'))).rejects.toMatchObject({ code: 'STORE' })
    expect(readdirSync(dirname(db)).filter((name) => name.includes('.part'))).toEqual([])
  })
})
