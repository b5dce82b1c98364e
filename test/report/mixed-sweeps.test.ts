import type Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TaskSpec } from '../../src/domain/types.js'
import { apart } from '../../src/report/apart.js'
import { groupReport } from '../../src/report/group-report.js'
import { overSettings } from '../../src/report/group-rows.js'
import { openDatabase } from '../../src/store/open.js'
import { namedSweeps, varying, type SettingKey } from '../../src/store/settings.js'
import { openStore, type Store } from '../../src/store/store.js'
import { info, newDatabase, prepared, protocol, run, sweep, theta } from '../store/sample.js'

/** Two sweeps of configs that have nothing to do with each other, but ids that seem to. */

const upper: TaskSpec = { kind: 'builtin', id: 'upper' }
const mine = (output: string): TaskSpec => ({
  ...{ kind: 'list', id: 'my_list', scoring: 'exact', singleToken: false },
  pairs: [{ input: 'a', output, accept: [] }],
})

let db: Database.Database
beforeAll(() => {
  const file = newDatabase()
  const store = openStore(file)
  add(store, 'few-1', { demonstrations: 1, weights: 'gguf F32+Q4_1', hash: 'a', tasks: [upper, mine('A')] })
  add(store, 'named-1', {
    ...{ demonstrations: 1, weights: 'gguf F32+Q4_1', hash: 'a' },
    tasks: [{ ...upper, label: 'To capitals' }],
  })
  add(store, 'more-1', { demonstrations: 5, weights: 'safetensors BF16', hash: 'b', tasks: [mine('B')] })
  store.close()
  db = openDatabase(file)
})
afterAll(() => db.close())

function add(
  store: Store,
  id: string,
  given: { demonstrations: number; weights: string; hash: string; tasks: TaskSpec[] },
): void {
  const { demonstrations, weights, hash, tasks } = given
  const of = { ...protocol, demonstrations, testItems: 4 }
  store.createSweep(sweep(id, { tasks, protocol: of, config: JSON.stringify({ name: id, tasks }) }))
  const model = { ...info, modelHash: hash.repeat(64), weights }
  for (const { id: task } of tasks) {
    const place = { sweepId: id, model: 'm', task, seconds: 1, computedBy: 'test' }
    const items = prepared(`${id}-${task}`)
    store.planTask({
      sweepId: id,
      model: 'm',
      info: model,
      prepared: { ...items, task },
      layerChunks: [[0, 1]],
    })
    store.recordRuns({ ...place, layersTogether: [], runs: [run('baseline', 'baseline', null, 0)] })
    const dev = [0, 1].map((layer) => run('hypothesis', 'dev', layer, layer + 1))
    store.recordRuns({ ...place, layersTogether: [0, 1], runs: dev })
    const { layer } = store.chooseBestLayer(id, 'm', task)
    const test = [
      run('regular', 'test', null, 4),
      run('hypothesis', 'test', layer, demonstrations === 1 ? 1 : 3),
    ]
    store.recordRuns({
      ...place,
      layersTogether: [layer ?? 0],
      runs: test,
      theta: { ...theta, layer: layer ?? 0 },
    })
  }
  store.setSweepStatus(id, 'complete')
}

const valueOf = (key: SettingKey, sweep: string) =>
  key === 'demonstrations' ? (sweep === 'few-1' ? '1' : '5') : key === 'models' ? `m (${sweep})` : sweep

const both = () => namedSweeps(db, ['few', 'more-1', 'few-1'])
const report = (by: SettingKey[]) => groupReport(db, both(), by)

function rowsOf(by: SettingKey) {
  const blocks = report([by]).sections[0]?.blocks ?? []
  return blocks.flatMap((block) => ('table' in block ? block.table.rows : []))
}

describe('sweeps of several configs', () => {
  it('are taken by id or name, each once', () => {
    expect(both().map(({ id }) => id)).toEqual(['few-1', 'more-1'])
    expect(varying(both())).toEqual(['demonstrations'])
  })

  it('distinguish things that share an id but differ, with a note', () => {
    const { model, task, notes } = apart(db, both())
    expect([model('few-1', 'm'), task('few-1', 'my_list'), task('few-1', 'upper')]).toEqual([
      'm (few-1)',
      'my_list (few-1)',
      'upper',
    ])
    expect(notes).toEqual([
      expect.stringMatching(/^2 sweeps of different configs\. They differ in demonstrations\./),
      expect.stringContaining(
        'm has other weights in one sweep than in another (Q4_1 in few-1, BF16 in more-1)',
      ),
      expect.stringContaining('my_list has other pairs'),
    ])
  })

  it('are shown by any key of their configs, with n and an interval', () => {
    expect(rowsOf('demonstrations')).toMatchObject([
      {
        model: 'm (few-1)',
        task: 'upper',
        value: 1,
        hypothesis: '0.25',
        hypothesisInterval: '[0.05, 0.70]',
        n: 4,
      },
      { model: 'm (few-1)', task: 'my_list (few-1)', value: 1, hypothesis: '0.25' },
      { model: 'm (more-1)', task: 'my_list (more-1)', value: 5, hypothesis: '0.75' },
    ])
    expect(rowsOf('sweep').map(({ value }) => value)).toEqual(['few-1', 'few-1', 'more-1'])
    expect(rowsOf('models').map(({ model, value }) => [model, value])).toEqual([
      ['all models', 'm (few-1)'],
      ['all models', 'm (few-1)'],
      ['all models', 'm (more-1)'],
    ])
    expect(rowsOf('tasks').map(({ value }) => value)).toEqual([
      'upper',
      'my_list (few-1)',
      'my_list (more-1)',
    ])
  })

  it('note if the values of a key have different tasks behind them', () => {
    const [section] = report(['models']).sections
    expect(section?.blocks[0]).toEqual({
      text: 'Not every value has the same tasks (m (few-1): 2, m (more-1): 1): their means are over different ones.',
    })
  })

  it('show a task that only one of them labels as one task, by its label', () => {
    const { task, notes } = apart(db, namedSweeps(db, ['few', 'named']))
    expect([task('few-1', 'upper'), task('named-1', 'upper')]).toEqual(['To capitals', 'To capitals'])
    expect(notes).toHaveLength(1)
  })

  it.each(['demonstrations', 'models', 'sweep', 'tasks'] as const)(
    'have by-layer curves with intervals by %s, on shared axes',
    (key) => {
      const figures = (report([key]).sections[0]?.blocks ?? []).flatMap((block) =>
        'figure' in block && block.figure.id.startsWith('by-layer') ? [block.figure] : [],
      )
      const rows = figures.flatMap((figure) => [...figure.rows])
      if (key === 'tasks') expect(figures.map(({ model }) => model)).toEqual(['m (few-1)', 'm (more-1)'])
      else
        expect(rows).toEqual(
          ['few-1', 'more-1'].flatMap((sweep) =>
            [0, 1].map(() => expect.objectContaining({ value: valueOf(key, sweep) }) as unknown),
          ),
        )
      for (const row of rows.filter(({ layer }) => layer === 1)) expect(row['accuracy']).toBeCloseTo(2 / 3)
      if (key === 'demonstrations')
        expect(rows.find(({ value, layer }) => value === '5' && layer === 1)).toMatchObject({
          ...{ tasks: 1, items: 3, low: expect.closeTo(0.208, 3) as number },
          high: expect.closeTo(0.939, 3) as number,
        })
    },
  )

  it('give rows with means by a key, under distinct names', () => {
    const { columns, rows } = overSettings(db, 'main', both(), ['demonstrations', 'models'], {}, 'settings')
    expect(Object.keys(columns).slice(0, 5)).toEqual([
      'model',
      'task',
      'category',
      'demonstrations',
      'settings',
    ])
    expect([...rows].map((row) => row.slice(0, 5))).toEqual([
      ['m (few-1)', 'upper', 'algorithmic', 1, 1],
      ['m (few-1)', 'my_list (few-1)', 'algorithmic', 1, 1],
      ['m (more-1)', 'my_list (more-1)', 'algorithmic', 5, 1],
    ])
  })
})
