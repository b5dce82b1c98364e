import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { numericsJson } from '../../src/domain/identity.js'
import { openReadOnly } from '../../src/store/open.js'
import { layerResults, mainResults, predictionColumns, predictionValues } from '../../src/store/results.js'
import { sweepFailures, sweepProgress } from '../../src/store/sweep-state.js'
import { openStore, type Store } from '../../src/store/store.js'
import { info, newDatabase, prepared, run, runTask, sweep, theta } from './sample.js'
import type { ResultFilter } from '../../src/experiments/sweep-rows.js'

const predictionResults = (reader: Database.Database, sweep: string, filter: ResultFilter = {}) =>
  Array.from(predictionValues(reader, sweep, filter), (values) =>
    Object.fromEntries(Object.keys(predictionColumns).map((name, i) => [name, values[i]])),
  )

/** Every row of every table that does not differ from run to run: how fast it went, and the database's own name. */
function contents(file: string): Record<string, unknown[]> {
  const db = new Database(file, { readonly: true })
  const tables = db
    .prepare("select name from sqlite_master where type = 'table' and name not like '\\_\\_%' escape '\\'")
    .pluck()
    .all()
  const rows = (tables as string[])
    .filter((table) => table !== 'timings' && table !== 'identity')
    .map(
      (table) =>
        [
          table,
          db
            .prepare(`select * from ${table}`)
            .raw()
            .all()
            .map((row) => JSON.stringify(row))
            .sort(),
        ] as const,
    )
  db.close()
  return Object.fromEntries(rows)
}

function fresh(...sweeps: string[]): { file: string; store: Store } {
  const file = newDatabase()
  const store = openStore(file)
  for (const id of sweeps) store.createSweep(sweep(id))
  return { file, store }
}

const place = { sweepId: 's-1', model: 'm', task: 'upper', seconds: 1, computedBy: 'test' }
const plan = (store: Store, layerChunks = [[0, 1, 2, 3]], sweepId = 's-1') =>
  store.planTask({ sweepId, model: 'm', info, prepared: prepared('upper'), layerChunks })
const dev = (correct: number[], layers = correct.map((_, layer) => layer)) =>
  layers.map((layer, i) => run('hypothesis', 'dev', layer, correct[i] ?? 0))

describe('every write', () => {
  it('delivered twice changes nothing, whatever is repeated and when', () => {
    const writes: ((store: Store) => unknown)[] = [
      (store) => store.createSweep(sweep('s-1')),
      (store) => plan(store),
      (store) =>
        store.recordRuns({ ...place, layersTogether: [], runs: [run('baseline', 'baseline', null, 1)] }),
      (store) => store.recordRuns({ ...place, layersTogether: [0, 1, 2, 3], runs: dev([0, 3, 1, 3]) }),
      (store) => store.chooseBestLayer('s-1', 'm', 'upper'),
      (store) =>
        store.recordRuns({
          ...place,
          layersTogether: [1],
          runs: [run('regular', 'test', null, 4), run('hypothesis', 'test', 1, 2)],
          theta: { ...theta, layer: 1 },
        }),
    ]
    const once = fresh()
    for (const write of writes) write(once.store)
    once.store.close()
    const withoutTimes = (rows: Record<string, unknown[]>) =>
      JSON.stringify(rows).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
    const expected = withoutTimes(contents(once.file))

    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(writes.length - 1), fc.integer({ min: 1, max: 3 })), { maxLength: 6 }),
        (repeats) => {
          const { file, store } = fresh()
          writes.forEach((write, i) => {
            write(store)
            // Again, and all that came before it: what a resumed sweep does.
            for (const [upTo, times] of repeats)
              if (upTo === i)
                for (let n = 0; n < times; n++) for (const earlier of writes.slice(0, i + 1)) earlier(store)
          })
          store.close()
          expect(withoutTimes(contents(file))).toBe(expected)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('is all or nothing: a run with too few predictions leaves no row of those recorded with it', () => {
    const { file, store } = fresh('s-1')
    plan(store)
    const broken = run('hypothesis', 'dev', 1, 1)
    const short = { ...broken, predictions: { ...broken.predictions, texts: ['only one'] } }
    const before = contents(file)
    expect(() =>
      store.recordRuns({
        ...place,
        layersTogether: [0, 1, 2, 3],
        runs: [run('hypothesis', 'dev', 0, 1), short],
      }),
    ).toThrow('a hypothesis run has 3 predictions for 3 items')
    expect(contents(file)).toEqual(before)
    store.close()
  })

  it('is refused by the tables themselves if a value makes no sense', () => {
    const { store } = fresh('s-1')
    plan(store)
    const one = run('hypothesis', 'dev', 0, 1)
    for (const predictions of [
      { ...one.predictions, answerRanks: [0, 1, 1] },
      { ...one.predictions, answerLogProbs: [0.1, -1, -1] },
      { ...one.predictions, answerLogProbs: [NaN, -1, -1] },
    ])
      expect(() =>
        store.recordRuns({ ...place, layersTogether: [0, 1, 2, 3], runs: [{ ...one, predictions }] }),
      ).toThrow(/constraint failed/)
    store.close()
  })
})

describe('the best layer', () => {
  it('is the lowest of those with the highest dev accuracy', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }), (correct) => {
        const { store } = fresh('s-1')
        const layers = correct.map((_, layer) => layer)
        plan(store, [layers])
        store.recordRuns({ ...place, layersTogether: layers, runs: dev(correct) })
        const best = Math.max(...correct)
        expect(store.chooseBestLayer('s-1', 'm', 'upper')).toEqual({
          layer: correct.indexOf(best),
          devAccuracy: best / 3,
          testStored: false,
        })
        store.close()
      }),
      { numRuns: 20 },
    )
  })

  it('is not chosen while a dev cell is missing', () => {
    const { store } = fresh('s-1')
    plan(store, [
      [0, 1],
      [2, 3],
    ])
    store.recordRuns({ ...place, layersTogether: [0, 1], runs: dev([3, 3]) })
    expect(() => store.chooseBestLayer('s-1', 'm', 'upper')).toThrow(
      'dev cells of layers 2, 3 are not stored yet',
    )
    store.close()
  })
})

describe('what is to be computed', () => {
  it('is, after an interruption, only the chunks that are not stored', () => {
    const { store } = fresh('s-1')
    const chunks = [
      [0, 1],
      [2, 3],
    ]
    expect(plan(store, chunks)).toEqual({
      baselineStored: false,
      missingChunks: chunks,
      cells: { all: 4, reused: 0 },
    })
    store.recordRuns({ ...place, layersTogether: [2, 3], runs: dev([1, 1], [2, 3]) })
    store.recordRuns({ ...place, layersTogether: [], runs: [run('baseline', 'baseline', null, 0)] })
    // The same sweep's own results are not "reused".
    expect(plan(store, chunks)).toEqual({
      baselineStored: true,
      missingChunks: [[0, 1]],
      cells: { all: 4, reused: 0 },
    })
    store.close()
  })

  it('is nothing if another sweep has stored the same, and reports that', () => {
    const { file, store } = fresh('s-1', 'other-2')
    runTask(store, 's-1', 'upper', [1, 2, 0, 1])
    const rows = contents(file)
    expect(plan(store, [[0, 1, 2, 3]], 'other-2')).toEqual({
      baselineStored: true,
      missingChunks: [],
      cells: { all: 4, reused: 4 },
    })
    expect(store.chooseBestLayer('other-2', 'm', 'upper')).toEqual({
      layer: 1,
      devAccuracy: 2 / 3,
      testStored: true,
    })
    for (const table of ['runs', 'predictions', 'items', 'task_vectors'])
      expect(contents(file)[table]).toEqual(rows[table])
    store.close()
    const reader = openReadOnly(file)
    expect(predictionResults(reader, 'other-2')).toEqual(predictionResults(reader, 's-1'))
    reader.close()
  })

  it.each([
    [
      'the layers computed together',
      {
        layerChunks: [
          [0, 1],
          [2, 3],
        ],
      },
    ],
    ['the weights', { info: { ...info, modelHash: 'b'.repeat(64) } }],
    ['the numerics', { info: { ...info, numerics: { ...info.numerics, threads: 2 } } }],
    ['the scoring', { prepared: prepared('upper', { scoring: 'prefix' }) }],
    ['an item', { prepared: prepared('upper', { items: prepared('lower').items }) }],
  ])('is everything if %s differ', (_, change) => {
    const { store } = fresh('s-1', 'other-2')
    runTask(store, 's-1', 'upper', [1, 2, 0, 1])
    const input = {
      sweepId: 'other-2',
      model: 'm',
      info,
      prepared: prepared('upper'),
      layerChunks: [[0, 1, 2, 3]],
      ...change,
    }
    const { missingChunks, cells } = store.planTask(input)
    expect(missingChunks).toEqual(input.layerChunks)
    expect(cells.reused).toBe(0)
    store.close()
  })
})

describe('a sweep', () => {
  it('cannot resume with other weights or another numeric set-up', () => {
    const { store } = fresh('s-1')
    plan(store)
    const again = { sweepId: 's-1', model: 'm', prepared: prepared('upper'), layerChunks: [[0, 1, 2, 3]] }
    expect(() => store.planTask({ ...again, info: { ...info, modelHash: 'b'.repeat(64) } })).toThrow(
      'm: its weights, config or tokenizer changed since sweep s-1 started (aaaaaaaaaaaa, now bbbbbbbbbbbb)',
    )
    expect(() =>
      store.planTask({ ...again, info: { ...info, numerics: { ...info.numerics, revision: 2 } } }),
    ).toThrow('m: the numerics changed since sweep s-1 started')
    store.close()
  })

  it('cannot resume with other items: their predictions would have the first ones’ key', () => {
    const { store } = fresh('s-1')
    plan(store)
    const first = prepared('upper')
    const [item, ...rest] = first.items.dev
    const other = {
      ...first,
      items: { ...first.items, dev: [{ ...item, query: 'another' } as typeof item, ...rest] },
    }
    expect(() =>
      store.planTask({
        sweepId: 's-1',
        model: 'm',
        info,
        prepared: other as typeof first,
        layerChunks: [[0, 1, 2, 3]],
      }),
    ).toThrow('m, upper: its items changed since sweep s-1 started')
    store.close()
  })

  it('whose layers are cut into other chunks links its cells to the runs of those', () => {
    const { store } = fresh('s-1')
    plan(store)
    const again = { sweepId: 's-1', model: 'm', info, prepared: prepared('upper') }
    expect(
      store.planTask({
        ...again,
        layerChunks: [
          [0, 1],
          [2, 3],
        ],
      }).missingChunks,
    ).toEqual([
      [0, 1],
      [2, 3],
    ])
    for (const layers of [
      [0, 1],
      [2, 3],
    ]) {
      const runs = layers.map((layer) => dev([1, 2, 0, 1])[layer] as ReturnType<typeof dev>[number])
      store.recordRuns({
        sweepId: 's-1',
        model: 'm',
        task: 'upper',
        layersTogether: layers,
        runs,
        seconds: 1,
        computedBy: 'x',
      })
    }
    expect(store.chooseBestLayer('s-1', 'm', 'upper').layer).toBe(1)
    store.close()
  })

  it('is not complete while anything is missing', () => {
    const { store } = fresh('s-1')
    runTask(store, 's-1', 'upper', [1, 2, 0, 1])
    expect(() => store.setSweepStatus('s-1', 'complete')).toThrow(
      'not complete: 0 runs missing, 1 of 2 tasks finished',
    )
    store.planTask({ sweepId: 's-1', model: 'm', info, prepared: prepared('first'), layerChunks: [[0]] })
    expect(() => store.setSweepStatus('s-1', 'complete')).toThrow(
      'not complete: 2 runs missing, 1 of 2 tasks finished',
    )
    store.close()
  })

  it('returns a task as the config gave it, and refuses unknown ones', () => {
    const { store } = fresh('s-1')
    expect(store.taskSpec('s-1', 'first')).toEqual({ kind: 'builtin', id: 'first' })
    expect(() => store.taskSpec('s-1', 'last')).toThrow('sweep s-1 has no task last')
    expect(() => store.recordRuns({ ...place, layersTogether: [], runs: [] })).toThrow(
      'm, upper has not been prepared',
    )
    store.close()
  })

  it('shows its failures until they are retried', () => {
    const { file, store } = fresh('s-1')
    const failure = {
      sweepId: 's-1',
      model: 'm',
      task: 'upper',
      code: 'ENGINE',
      message: 'it died',
      attempts: 3,
    }
    store.recordFailure(failure)
    store.recordFailure({
      ...failure,
      message: 'it died again',
      attempts: 4,
      log: 'out of memory',
      worker: 'w',
    })
    const failures = () => {
      const reader = openReadOnly(file)
      const rows = sweepFailures(reader, 's-1')
      reader.close()
      return rows.map(({ message, attempts, log, worker }) => [message, attempts, log, worker])
    }
    expect(failures()).toEqual([['it died again', 4, 'out of memory', 'w']])
    store.setSweepStatus('s-1', 'running')
    expect(failures()).toHaveLength(1)
    store.retryFailures('s-1', 'all')
    expect(failures()).toEqual([])
    store.recordFailure(failure)
    expect(failures()).toEqual([['it died', 3, '', '']])
    store.close()
  })
})

describe('the kind of processor', () => {
  const withKernels = (kernels?: string) => ({
    ...info,
    numerics: { ...info.numerics, ...(kernels === undefined ? {} : { kernels }) },
  })
  const planWith = (store: Store, settled: string | undefined, here: string) => {
    const { modelHash: hash, numerics } = withKernels(settled)
    store.settleModel('s-1', 'm', { hash, numerics: numericsJson(numerics) })
    const task = prepared('upper')
    return store.planTask({
      sweepId: 's-1',
      model: 'm',
      info: withKernels(here),
      prepared: task,
      layerChunks: [[0]],
    })
  }

  it('that results come from is the only one that a sweep takes', () => {
    const { store } = fresh('s-1')
    expect(() => planWith(store, 'x64 avx2', 'x64 avx512')).toThrow(
      'sweep s-1 started on another kind of processor: kernels is x64 avx512, not x64 avx2',
    )
    expect(planWith(store, 'x64 avx2', 'x64 avx2').missingChunks).toEqual([[0]])
    store.close()
  })

  it('is not requested if the sweep started before it was recorded: its keys stay', () => {
    const before = fresh('s-1')
    plan(before.store, [[0]])
    const { file, store } = fresh('s-1')
    expect(planWith(store, undefined, 'x64 avx2').missingChunks).toEqual([[0]])
    const keys = (db: string) => contents(db)['cells']
    expect(keys(file)).toEqual(keys(before.file))
    store.close()
    before.store.close()
  })
})

describe('results', () => {
  it("come in the config's order, whatever order they were computed in", () => {
    const { file, store } = fresh()
    const models = ['b', 'a'].map((id) => ({ id, source: id }))
    store.createSweep(sweep('s-1', { models }))
    runTask(store, 's-1', 'first', [1, 1, 0, 1], 'a')
    runTask(store, 's-1', 'upper', [0, 2, 3, 3], 'a')
    const reader = openReadOnly(file)
    expect(
      sweepProgress(reader, 's-1').map(({ model, task, complete, cellsDone, cellsAll, bestLayer }) => [
        model,
        task,
        complete,
        cellsDone,
        cellsAll,
        bestLayer,
      ]),
    ).toEqual([
      ['b', 'upper', false, 0, 0, null],
      ['b', 'first', false, 0, 0, null],
      ['a', 'upper', true, 4, 4, 2],
      ['a', 'first', true, 4, 4, 0],
    ])
    runTask(store, 's-1', 'first', [1, 1, 0, 1], 'b')
    runTask(store, 's-1', 'upper', [0, 2, 3, 3], 'b')
    const upper = {
      category: 'algorithmic',
      baseline: 0,
      hypothesis: 0.75,
      regular: 1,
      bestLayer: 2,
      baselineItems: 2,
      testItems: 4,
      devItems: 3,
    }
    expect(mainResults(reader, 's-1')).toEqual([
      { model: 'b', task: 'upper', ...upper },
      { model: 'b', task: 'first', ...upper, bestLayer: 0 },
      { model: 'a', task: 'upper', ...upper },
      { model: 'a', task: 'first', ...upper, bestLayer: 0 },
    ])
    expect(layerResults(reader, 's-1', { model: 'a', task: 'upper' })).toEqual(
      [0, 2, 3, 3].map((correct, layer) => ({
        ...{
          model: 'a',
          task: 'upper',
          category: 'algorithmic',
          layer,
          accuracy: correct / 3,
          correct,
          items: 3,
        },
      })),
    )
    const predictions = predictionResults(reader, 's-1', { model: 'a', task: 'upper' })
    expect(predictions).toHaveLength(2 + 4 * 3 + 4 + 4)
    expect(
      predictions
        .map(({ split, kind, layer }) => `${String(split)} ${String(kind)} ${String(layer ?? '-')}`)
        .filter((at, i, all) => at !== all[i - 1]),
    ).toEqual([
      'baseline baseline -',
      ...[0, 1, 2, 3].map((layer) => `dev hypothesis ${layer}`),
      'test regular -',
      'test hypothesis 2',
    ])
    expect(predictions.at(-1)).toEqual({
      model: 'a',
      task: 'upper',
      split: 'test',
      kind: 'hypothesis',
      layer: 2,
      item: 3,
      query: 'upper-test-3',
      answer: 'UPPER-TEST-3',
      prediction: ' text 3',
      answerLogProb: -2,
      answerRank: 4,
      answerLogitDifference: -3,
      correct: false,
    })
    reader.close()
    store.close()
  })

  it('keep the mean task vector of the test items, as f32', () => {
    const { file, store } = fresh('s-1')
    runTask(store, 's-1', 'upper', [0, 0, 3, 0])
    store.close()
    const db = new Database(file, { readonly: true })
    const { layer, values } = db.prepare('select layer, "values" from task_vectors').get() as {
      layer: number
      values: Buffer
    }
    expect([layer, values.readFloatLE(0), values.readFloatLE(4)]).toEqual([2, 0.5, -1])
    db.close()
  })
})
