import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/store.js'
import { unitKinds, unitsOf } from '../../src/experiments/catalog.js'
import { unitTables } from '../../src/store/unit-tables.js'
import { begin, further, resultOf, runFurther } from './further-sample.js'
import { newDatabase } from './sample.js'

function open() {
  const file = newDatabase()
  return { file, store: openStore(file, unitKinds) }
}

function rows(file: string, sql: string): unknown[] {
  const reader = new Database(file, { readonly: true })
  try {
    return reader.prepare(sql).all()
  } finally {
    reader.close()
  }
}

const views = ['robustness', 'theta_map', 'conflicting_items', 'projections', 'projection_answers', 'beyond']
const results = (file: string) =>
  views.map((view) =>
    rows(file, `select * from ${view}`)
      .map((row) => JSON.stringify(row))
      .sort(),
  )

describe('the units of a sweep', () => {
  it('are done step by step, and a complete sweep has none waiting', () => {
    const { file, store } = open()
    begin(store, 's-1')
    expect(() => store.setSweepStatus('s-1', 'complete')).toThrow(/further experiments open/)
    const steps = runFurther(store, 's-1')
    expect(steps.filter((step) => step.startsWith('robustness upper'))).toEqual([
      'robustness upper layers',
      'robustness upper thetas 0',
    ])
    expect(new Set(steps).size).toBe(steps.length)
    store.setSweepStatus('s-1', 'complete')
    store.close()
    expect(rows(file, "select experiment, reason from experiments where state <> 'complete'")).toEqual([
      { experiment: 'conflicting', reason: "absent is not among the sweep's tasks" },
    ])
  })

  it('refuse a step without results, which would be requested forever', () => {
    const { store } = open()
    begin(store, 's-1')
    const units = { sweepId: 's-1', model: 'm', task: 'upper', failed: [] }
    let next = store.nextStep(units)
    for (; next && next.name !== 'score'; next = store.nextStep(units))
      store.recordStep(next.unit, next.name, resultOf(next))
    expect(() => next && store.recordStep(next.unit, next.name, { scores: [] })).toThrow(
      /the step score of \w+ gave no results/,
    )
    store.close()
  })

  it('delivered twice change nothing, in any step', () => {
    const once = open()
    begin(once.store, 's-1')
    runFurther(once.store, 's-1')
    once.store.close()

    const twice = open()
    begin(twice.store, 's-1')
    for (const task of ['upper', 'first', '']) {
      const units = { sweepId: 's-1', model: 'm', task, failed: [] }
      for (let next = twice.store.nextStep(units); next; next = twice.store.nextStep(units)) {
        expect(twice.store.nextStep(units)).toEqual(next)
        twice.store.recordStep(next.unit, next.name, resultOf(next))
        twice.store.recordStep(next.unit, next.name, resultOf(next))
      }
    }
    begin(twice.store, 's-1')
    expect(runFurther(twice.store, 's-1')).toEqual([])
    twice.store.close()
    expect(results(twice.file)).toEqual(results(once.file))
  })

  it('are reused by another sweep, and recomputed if anything that determines them differs', () => {
    const { file, store } = open()
    begin(store, 's-1')
    const all = runFurther(store, 's-1')
    begin(store, 'other-1')
    expect(runFurther(store, 'other-1')).toEqual([])
    const fewer = further.map((each) => (each.experiment === 'robustness' ? { ...each, thetas: 2 } : each))
    begin(store, 'fewer-1', { units: unitsOf(fewer, ['upper', 'first']) })
    expect(runFurther(store, 'fewer-1')).toEqual(all.filter((step) => step.startsWith('robustness')))
    store.close()
    const reused = rows(
      file,
      "select sum(reused) as n from experiments where sweep = 'other-1' and state = 'complete'",
    )
    const complete = rows(
      file,
      "select count(*) as n from experiments where sweep = 's-1' and state = 'complete'",
    )
    expect(reused).toEqual(complete)
  })

  it('of a task whose main experiment has not ended wait; one that failed does not affect the others', () => {
    const { store } = open()
    begin(store, 's-1')
    expect(store.nextStep({ sweepId: 's-1', model: 'm', task: 'unknown', failed: [] })).toBeNull()
    const first = store.nextStep({ sweepId: 's-1', model: 'm', task: 'upper', failed: [] })
    const failed = ['robustness upper ']
    const next = store.nextStep({ sweepId: 's-1', model: 'm', task: 'upper', failed })
    expect([first?.unit.experiment, next?.unit.experiment]).toEqual(['robustness', 'projection'])
    store.close()
  })
})

it('the tables of units are found by what they refer to, a new one as well', () => {
  const { file, store } = open()
  store.close()
  const db = new Database(file)
  const before = unitTables(db)
  db.exec('create table my_scores (run_id integer not null references unit_runs (id), layer integer)')
  const after = unitTables(db)
  db.close()
  expect(before).toEqual([
    ...['attention_shares', 'conflicting_predictions', 'function_vector_geometry', 'function_vector_heads'],
    ...[
      'function_vector_scores',
      'head_sum_angles',
      'mediation_effects',
      'natural_text_scores',
      'projection_scores',
      'projection_tokens',
      'theta_distances',
    ],
    ...['theta_points', 'thetas', 'transfer_scores', 'unit_scores'],
  ])
  expect(after.filter((table) => !before.includes(table))).toEqual(['my_scores'])
})
