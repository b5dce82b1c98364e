import { describe, expect, it } from 'vitest'
import { layerChunks } from '../../src/domain/layers.js'
import { largestPayload } from '../../src/domain/payloads.js'
import type { Pair, Protocol, RunResult, TaskSpec } from '../../src/domain/types.js'
import { openReadOnly } from '../../src/store/open.js'
import { taskToPrepare } from '../../src/store/large-tasks.js'
import { openStore } from '../../src/store/store.js'
import type { TaskPart } from '../../src/store/task-work.js'
import { info, newDatabase, run, sweep } from './sample.js'

const protocol: Protocol = {
  ...{ seed: 1, demonstrations: 5, dummyQueries: 2, dummyMayBeDemonstration: true },
  ...{ testItems: 50, devItems: 50, baselineItems: 50 },
}
const builtin: TaskSpec = { kind: 'builtin', id: 'algorithmic_list_first' }

function list(pairs: number, length: number): TaskSpec {
  const entry = (i: number): Pair => ({ input: `${i} ${'x'.repeat(length)}`, output: `${i}`, accept: [] })
  return {
    ...{ kind: 'list', id: 'mine', scoring: 'prefix', singleToken: false },
    pairs: Array.from({ length: pairs }, (_, i) => entry(i)),
  }
}

describe('every number of a config at its maximum', () => {
  it.each<[string, Partial<Protocol>, 'large' | RegExp]>([
    ['testItems', { testItems: 100_000 }, 'large'],
    ['devItems', { devItems: 100_000 }, 'large'],
    ['baselineItems', { baselineItems: 100_000 }, 'large'],
    [
      'demonstrations',
      { demonstrations: 100_000 },
      /computed together take \d+\.\d MB; a worker can be sent at most 0\.9 MB/,
    ],
    [
      'dummyQueries',
      { dummyQueries: 100_000 },
      /computed together take \d+\.\d MB; a worker can be sent at most 0\.9 MB/,
    ],
    [
      'all of them',
      { testItems: 100_000, devItems: 100_000, baselineItems: 100_000, demonstrations: 400 },
      /100000 in the largest split\) take about \d+\.\d MB; a task may have 1000\.0 MB/,
    ],
  ])(
    '%s: is cut into parts, or refused at once with the limit',
    { timeout: 120_000 },
    (_, change, outcome) => {
      const ask = () => taskToPrepare(builtin, { ...protocol, ...change })
      if (outcome === 'large') expect(ask()).toMatchObject({ size: 'large' })
      else expect(ask).toThrow(outcome)
    },
  )

  it('a list of 13 MB is refused, one of thousands goes to the tokenizer in slices', () => {
    expect(() => taskToPrepare(list(20_000, 600), protocol)).toThrow(
      /its 20000 pairs take \d+\.\d MB; a list may have 12\.0 MB/,
    )
    expect(taskToPrepare(list(20_000, 60), protocol)).toMatchObject({ size: 'large', slices: 9 })
  })

  it('does not cut tasks of ordinary size', () => {
    expect(taskToPrepare(builtin, protocol)).toEqual({ size: 'whole', spec: builtin })
    expect(taskToPrepare(list(500, 20), protocol)).toMatchObject({ size: 'whole' })
  })

  it('keeps the layers that are computed together, which are part of keys, up to 5,000 dev items', () => {
    const layers = [0, 1, 2, 3, 4, 5]
    expect(layerChunks(layers, 'all', 50)).toEqual([layers])
    expect(layerChunks(layers, 4, 50)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ])
    expect(layerChunks(layers, 'all', 5_000)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ])
    expect(layerChunks(layers, 'all', 100_000)).toEqual([layers])
  })
})

describe('a task of thousands of items of 200 tokens', () => {
  it('is planned, sent in parts and stored, whatever is delivered twice', { timeout: 300_000 }, async () => {
    const file = newDatabase()
    const store = openStore(file)
    const counts = { testItems: 1_500, devItems: 1_000, baselineItems: 20 }
    const big = { ...protocol, demonstrations: 4, ...counts }
    store.createSweep(sweep('s-1', { protocol: big, tasks: [list(300, 120)] }))
    const place = { sweepId: 's-1', model: 'm', task: 'mine' }
    const toPrepare = store.taskToPrepare('s-1', 'mine')
    if (toPrepare.size !== 'large') throw new Error('it is handed over whole')
    const marks = Array.from({ length: toPrepare.slices }, (_, slice) => ({
      writable: '1'.repeat(store.pairSlice('s-1', 'mine', slice).length),
      ...{ leadingSpace: '', noSpace: '' },
    }))
    const plan = { ...place, info, marks, partial: 0, layers: 'all' as const, layersPerActivity: 2 }
    expect(await store.planLargeTask(plan)).toEqual({ lanes: 4 })
    // As after a restart.
    expect(await store.planLargeTask(plan)).toEqual({ lanes: 4 })

    let largest = 0
    const done: string[] = []
    const compute = (part: TaskPart) => {
      largest = Math.max(largest, JSON.stringify(part).length)
      done.push(part.name)
      const result = { ...place, layersTogether: part.layersTogether, first: part.part.first }
      const input = { ...result, runs: madeUp(part), seconds: 1, computedBy: 'test', ...sumOf(part) }
      store.recordPart(input)
      store.recordPart(input)
    }
    for (;;) {
      // Two at once; the second one ends first.
      const first = store.nextPart(place, [])
      const second = first && store.nextPart(place, [first.name])
      if (second) compute(second)
      if (first) compute(first)
      else break
    }
    expect(done.length).toBeGreaterThan(4)
    store.chooseBestLayer('s-1', 'm', 'mine')
    for (let part = store.nextTestPart(place); part; part = store.nextTestPart(place)) compute(part)
    expect(new Set(done).size).toBe(done.length)
    expect(largest).toBeLessThan(largestPayload / 4)
    store.setSweepStatus('s-1', 'complete')
    store.close()

    const db = openReadOnly(file)
    const rows = db.prepare('select items, correct, key from runs').all() as {
      items: number
      correct: number
      key: string
    }[]
    expect(rows.filter(({ key }) => key.startsWith('partial'))).toEqual([])
    expect(rows.map(({ items }) => items).sort()).toEqual([1000, 1000, 1000, 1000, 1500, 1500, 20])
    const misplaced = db.prepare('select count(*) from predictions where token <> item % 90').pluck().get()
    expect(misplaced).toBe(0)
    // Ones, summed over the items before: the mean of the last part.
    const theta = db.prepare('select "values" from task_vectors').pluck().get() as Buffer
    expect([theta.readFloatLE(0), theta.length]).toEqual([1500, 8])
    db.close()
  })
})

/** Predictions that say which item they are of. */
function madeUp({ items, part, activity, layersTogether }: TaskPart): RunResult[] {
  const of = (kind: RunResult['kind'], split: RunResult['split'], layer: number | null): RunResult => ({
    ...run(kind, split, layer, 0),
    predictions: {
      tokens: items.map((_, i) => (part.first + i) % 90),
      texts: items.map(() => 'x'),
      correct: items.map((_, i) => i % 2 === 0),
      answerLogProbs: items.map(() => -1),
      answerRanks: items.map(() => 1),
      answerLogitDifferences: items.map(() => 0),
    },
  })
  if (activity === 'runBaseline') return [of('baseline', 'baseline', null)]
  if (activity === 'runDev') return layersTogether.map((layer) => of('hypothesis', 'dev', layer))
  return [of('regular', 'test', null), of('hypothesis', 'test', layersTogether[0] as number)]
}

/** The sum so far, and, with the last part, the "mean". */
function sumOf({ activity, items, part, layersTogether }: TaskPart) {
  if (activity !== 'runTest') return {}
  const before = part.thetaSum === undefined ? 0 : Buffer.from(part.thetaSum, 'base64').readDoubleLE(0)
  const sum = before + items.length
  const base64 = (values: Float32Array | Float64Array) => Buffer.from(values.buffer).toString('base64')
  const last = part.first + items.length === part.of
  return {
    thetaSum: base64(Float64Array.of(sum, sum)),
    ...(last
      ? { theta: { layer: layersTogether[0] as number, base64: base64(Float32Array.of(sum, sum)) } }
      : {}),
  }
}
