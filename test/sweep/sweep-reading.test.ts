import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openReadOnly } from '../../src/store/open.js'
import { sweepProgress } from '../../src/store/sweep-state.js'
import { openStore, type Store } from '../../src/store/store.js'
import { SweepReading } from '../../src/sweep/sweep-reading.js'
import { newDatabase, runTask, sweep } from '../store/sample.js'

const id = 'read-1'
// Not in alphabetical order: it must be the config's.
const models = ['n', 'm', 'o']
let store: Store
let db: Sqlite.Database

beforeEach(() => {
  const file = newDatabase()
  store = openStore(file)
  store.createSweep(sweep(id, { models: models.map((model) => ({ id: model, source: `/models/${model}` })) }))
  db = openReadOnly(file)
})
afterEach(() => {
  db.close()
  store.close()
})

const complete = (model: string) => {
  for (const task of ['upper', 'first']) runTask(store, id, task, [0, 2, 3, 3], model)
}

describe('the progress of a sweep, read repeatedly', () => {
  it('is the same as reading everything, whenever it is read and in whatever order models end', () => {
    const reading = new SweepReading(db, id)
    expect(reading.tasks()).toEqual(sweepProgress(db, id))
    runTask(store, id, 'first', [1, 1, 0, 1], 'o')
    expect(reading.tasks()).toEqual(sweepProgress(db, id))
    complete('m')
    expect(reading.tasks()).toEqual(sweepProgress(db, id))
    complete('n')
    runTask(store, id, 'upper', [0, 2, 3, 3], 'o')
    expect(reading.tasks()).toEqual(sweepProgress(db, id))
    expect(reading.tasks().map(({ model, task }) => `${model} ${task}`)).toEqual(
      models.flatMap((model) => [`${model} upper`, `${model} first`]),
    )
    expect(reading.tasks().every(({ complete }) => complete)).toBe(true)
  })

  it('knows which models are open, in the config’s order, as of its last look', () => {
    const reading = new SweepReading(db, id)
    expect(reading.open()).toEqual(models)
    complete('m')
    expect(reading.open()).toEqual(models)
    reading.tasks()
    expect(reading.open()).toEqual(['n', 'o'])
    complete('o')
    complete('n')
    reading.tasks()
    expect(reading.open()).toEqual([])
  })

  it('keeps a model open as long as one of its tasks is', () => {
    const reading = new SweepReading(db, id)
    runTask(store, id, 'upper', [0, 2, 3, 3], 'm')
    reading.tasks()
    expect(reading.open()).toEqual(models)
  })

  it('does not read again what is complete', () => {
    const reading = new SweepReading(db, id)
    complete('m')
    const before = reading.tasks()
    const writer = new Sqlite(db.name)
    writer.exec("delete from cells where model_id = 'm'")
    writer.close()
    expect(sweepProgress(db, id)).not.toEqual(before)
    expect(reading.tasks()).toEqual(before)
  })

  it('of a missing sweep is empty', () => {
    const reading = new SweepReading(db, 'none')
    expect(reading.tasks()).toEqual([])
    expect(reading.open()).toEqual([])
  })
})
