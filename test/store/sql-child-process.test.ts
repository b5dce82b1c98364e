import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runQuery, type Query } from '../../src/store/sql-child-process.js'
import { completeDatabase, newDatabase } from './sample.js'

let db: string
let before: Buffer
beforeAll(() => {
  db = completeDatabase()
  before = readFileSync(db)
})
afterAll(() => {
  expect(readFileSync(db)).toEqual(before)
})

const query = (statement: string, change: Partial<Query> = {}) =>
  runQuery({ db, statement, limit: 1000, timeoutMs: 30_000, ...change })

describe('a query', () => {
  it('reads the documented views', async () => {
    expect(await query('select task, best_layer, hypothesis, regular from results order by task')).toEqual({
      columns: ['task', 'best_layer', 'hypothesis', 'regular'],
      rows: [
        { task: 'first', best_layer: 0, hypothesis: 0.75, regular: 1 },
        { task: 'upper', best_layer: 2, hypothesis: 0.75, regular: 1 },
      ],
      more: false,
    })
    expect(
      (await query("select layer, correct from layers where task = 'upper' order by layer")).rows.map(
        ({ correct }) => correct,
      ),
    ).toEqual([0, 2, 3, 3])
    const { rows } = await query(
      "select kind, count(*) n from item_predictions where task = 'upper' group by kind order by kind",
    )
    expect(rows).toEqual([
      { kind: 'baseline', n: 2 },
      { kind: 'hypothesis', n: 16 },
      { kind: 'regular', n: 4 },
    ])
  })

  it('ends at the row limit and says that there is more', async () => {
    const rows = 'with recursive c(n) as (select 1 union all select n + 1 from c) select n from c'
    expect(await query(rows, { limit: 3 })).toEqual({
      columns: ['n'],
      rows: [{ n: 1 }, { n: 2 }, { n: 3 }],
      more: true,
    })
    expect((await query('select 1 union select 2', { limit: 2 })).more).toBe(false)
  })

  it('is really stopped at the time limit, inside SQLite', async () => {
    const endless = 'with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c'
    await expect(query(endless, { timeoutMs: 1500 })).rejects.toMatchObject({
      code: 'SQL',
      message: 'the query was stopped after 1.5 s',
    })
  })

  it('keeps columns of one name apart, and whole numbers beyond 2^53 exact', async () => {
    expect((await query("select 1 as a, 2 as a, 9007199254740993 as big, x'00ff' as bytes")).rows).toEqual([
      { a: 1, a_2: 2, big: 9007199254740993n, bytes: Buffer.from([0, 255]) },
    ])
  })

  it.each([
    ['insert into sweeps select * from sweeps', 'not INSERT'],
    ["attach '/tmp/other.db' as other", 'not ATTACH'],
    ['pragma user_version = 5', 'not PRAGMA'],
    ['-- a comment\n/* and another */ update runs set correct = 0', 'not UPDATE'],
    ['with x as (select 1) delete from runs', 'would write'],
    ['select 1; drop table runs', 'one statement at a time'],
    ['', 'not an empty one'],
    ['select * from result', 'no such table: result; did you mean "results"?'],
    ["select load_extension('/tmp/x.so')", 'not authorized'],
  ])('%j is refused', async (statement, message) => {
    await expect(query(statement)).rejects.toMatchObject({
      code: 'SQL',
      message: expect.stringContaining(message) as unknown,
    })
  })

  it('creates no database if there is none', async () => {
    const none = newDatabase()
    await expect(query('select 1', { db: none })).rejects.toMatchObject({
      code: 'STORE',
      message: `${none}: no such database`,
    })
    expect(existsSync(none)).toBe(false)
    expect(existsSync(join(dirname(none), 'results.db-wal'))).toBe(false)
  })
})
