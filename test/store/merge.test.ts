import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { unitKinds } from '../../src/experiments/catalog.js'
import { mergeInto } from '../../src/store/merge.js'
import { openStore } from '../../src/store/store.js'
import { begin, runFurther } from './further-sample.js'
import { completeDatabase, newDatabase, runTask, sweep } from './sample.js'

/** The same sweep begun on two machines, of which each did one task. */
function half(task: 'upper' | 'first', dev: readonly number[]): string {
  const file = newDatabase()
  const store = openStore(file)
  store.createSweep(sweep('sample-1'))
  runTask(store, 'sample-1', task, dev)
  store.close()
  return file
}

function halves() {
  return { a: half('upper', [0, 2, 3, 3]), b: half('first', [1, 1, 0, 1]) }
}

function change(file: string, sql: string): void {
  const db = new Database(file)
  db.pragma('foreign_keys = OFF')
  db.exec(sql)
  db.close()
}

const tables = [
  'results',
  'layers',
  'item_predictions',
  'robustness',
  'conflicting_items',
  'projections',
  'beyond',
]

/** What a database says, without numbers of its own and times. */
function said(file: string): Record<string, string[]> {
  const db = new Database(file, { readonly: true })
  try {
    return Object.fromEntries(
      tables.map((view) => [
        view,
        (db.prepare(`select * from ${view}`).all() as Record<string, unknown>[])
          .map(({ reused: _, ...row }) => JSON.stringify(row))
          .sort(),
      ]),
    )
  } finally {
    db.close()
  }
}

function read<T>(file: string, sql: string): T {
  const db = new Database(file, { readonly: true })
  try {
    return db.prepare(sql).pluck().all() as T
  } finally {
    db.close()
  }
}

describe('merging', () => {
  it('two halves of a sweep gives the result of one machine, and marks it complete', () => {
    const { a, b } = halves()
    const report = mergeInto(a, b)
    expect(report.conflicts).toEqual([])
    expect(report.added['runs']).toBe(7)
    expect(said(a)).toEqual(said(completeDatabase()))
    expect(read(a, 'select status from sweeps')).toEqual(['complete'])
  })

  it('leaves the other file as it was, and a second time adds nothing', () => {
    const { a, b } = halves()
    const before = said(b)
    mergeInto(a, b)
    const once = said(a)
    const { added, equal, rounded, conflicts } = mergeInto(a, b)
    expect({ added, equal, rounded, conflicts }).toEqual({ added: {}, equal: 7, rounded: 0, conflicts: [] })
    expect(said(a)).toEqual(once)
    expect(said(b)).toEqual(before)
  })

  it('into a new database copies everything, further experiments included', () => {
    const file = newDatabase()
    const store = openStore(file, unitKinds)
    begin(store, 's-1')
    runFurther(store, 's-1')
    store.setSweepStatus('s-1', 'complete')
    store.close()
    const target = newDatabase()
    mergeInto(target, file)
    expect(said(target)).toEqual(said(file))
    expect(said(target)['beyond']?.length).toBeGreaterThan(0)
    expect(mergeInto(target, file).added).toEqual({})
  })

  it('completes an experiment that was stored in part', () => {
    const whole = newDatabase()
    const store = openStore(whole, unitKinds)
    begin(store, 's-1')
    runFurther(store, 's-1')
    store.close()
    const part = newDatabase()
    mergeInto(part, whole)
    change(
      part,
      `delete from unit_scores where run_id in (select id from unit_runs where experiment = 'robustness');
       delete from thetas where item > 0; update unit_runs set complete = 0 where experiment = 'robustness'`,
    )
    mergeInto(part, whole)
    expect(said(part)).toEqual(said(whole))
    expect(read(part, 'select min(complete) from unit_runs')).toEqual([1])
  })

  it.each([
    ['a token', 'update predictions set token = 99 where item = 0', 'predictions', 'token'],
    [
      'a log-probability',
      'update predictions set answer_log_prob = answer_log_prob - 0.001',
      'predictions',
      'answer_log_prob',
    ],
    ['a score', 'update runs set correct = (correct + 1) % items', 'runs', 'correct'],
    ['a task vector', 'update task_vectors set "values" = x\'0000803f0000803f\'', 'task_vectors', 'values'],
    [
      'the weights',
      `update models set content_hash = 'b'; update prepared_tasks set model_hash = 'b'; update runs set model_hash = 'b'`,
      'prepared_tasks',
      'model_hash',
    ],
    ['an item under the same hash', "update items set answer = 'x'", 'items', 'answer'],
  ])(
    'two values of one key (%s) keeps the first, reports it, and takes the rest',
    (_, sql, table, column) => {
      const { a, b } = halves()
      mergeInto(b, a) // b has both tasks, a has one
      change(b, sql)
      const before = said(a)
      const { conflicts, added } = mergeInto(a, b)
      expect(conflicts).toContainEqual(expect.objectContaining({ table, column }))
      expect(added['cells']).toBe(4)
      for (const [view, rows] of Object.entries(before))
        expect(said(a)[view]).toEqual(expect.arrayContaining(rows))
    },
  )

  it('treats numbers that differ in their last bits as equal, and counts them', () => {
    const { a, b } = halves()
    mergeInto(b, a)
    change(
      b,
      'update predictions set answer_log_prob = answer_log_prob - 1e-6; update task_vectors set "values" = x\'0100003f000080bf\'',
    )
    const before = said(a)
    const { conflicts, rounded, equal } = mergeInto(a, b)
    expect({ conflicts, rounded, equal }).toEqual({ conflicts: [], rounded: 7, equal: 0 })
    for (const [view, rows] of Object.entries(before))
      expect(said(a)[view]).toEqual(expect.arrayContaining(rows))
  })

  it('as a dry run writes nothing and reports what would be done', () => {
    const { a, b } = halves()
    const before = said(a)
    expect(mergeInto(a, b, { dryRun: true }).added['runs']).toBe(7)
    expect(said(a)).toEqual(before)
  })

  it('that fails half-way leaves the database as it was', () => {
    const { a, b } = halves()
    change(b, 'drop view all_runs; drop table timings')
    const before = said(a)
    expect(() => mergeInto(a, b)).toThrow('timings')
    expect(said(a)).toEqual(before)
  })
})

it('reports the kinds of processors behind the results, if there are several', () => {
  const { a, b } = halves()
  change(a, "update runs set numerics = json_set(numerics, '$.kernels', 'linux x64 avx2 0')")
  expect(mergeInto(a, b, { dryRun: true }).kinds).toEqual(['linux x64 avx2 0', null])
  expect(mergeInto(a, a, { dryRun: true }).kinds).toHaveLength(1)
})

it('reports once, not for each cell, that a model of a sweep was computed on two kinds of processors', () => {
  const [a, b] = [half('upper', [0, 2, 3, 3]), half('upper', [0, 2, 3, 3])]
  change(
    b,
    `update prepared_tasks set numerics = json_set(numerics, '$.kernels', 'linux x64 avx2 0');
     update cells set run_key = 'avx2 ' || run_key; update sweep_runs set run_key = 'avx2 ' || run_key;
     update runs set key = 'avx2 ' || key, numerics = json_set(numerics, '$.kernels', 'linux x64 avx2 0')`,
  )
  const { conflicts, added } = mergeInto(a, b)
  expect(conflicts).toEqual([
    {
      table: 'sweep_models',
      key: 'sample-1 m',
      column: 'numerics',
      kept: 'a kind that was not recorded',
      other: 'linux x64 avx2 0',
    },
  ])
  expect(added['runs']).toBeGreaterThan(0)
})
