import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Item, ModelInfo, PreparedTask, Protocol, RunResult, Split } from '../../src/domain/types.js'
import { openStore, type Store } from '../../src/store/store.js'
import type { NewSweep } from '../../src/store/store-inputs.js'

/** Small, made-up sweeps: two models of one hash or of two, tasks with 3 dev, 4 test and 2 baseline items. */

export const protocol: Protocol = {
  seed: 41,
  demonstrations: 1,
  dummyQueries: 1,
  dummyMayBeDemonstration: true,
  testItems: 4,
  devItems: 3,
  baselineItems: 2,
}

export const info: ModelInfo = {
  modelHash: 'a'.repeat(64),
  architecture: 'llama',
  blocks: 4,
  dModel: 2,
  vocab: 100,
  parameters: 1000,
  weights: 'safetensors F32',
  numerics: { mode: 'f32', runtime: 'test', threads: 1, itemsPerChunk: 8, revision: 1 },
}

export function sweep(id: string, change: Partial<NewSweep> = {}): NewSweep {
  return {
    id,
    name: id.split('-')[0] ?? id,
    config: `{"name":"${id}"}`,
    codeVersion: 'test',
    machine: { cpu: 'test', cores: 2 },
    protocol,
    models: [{ id: 'm', source: '/models/m' }],
    tasks: [
      { kind: 'builtin', id: 'upper' },
      { kind: 'builtin', id: 'first' },
    ],
    ...change,
  }
}

export function prepared(task: string, change: Partial<PreparedTask> = {}): PreparedTask {
  const items = (split: Split, count: number) =>
    Array.from({ length: count }, (_, i): Item => {
      const query = `${task}-${split}-${i}`
      return {
        demonstrations: [{ input: 'a', output: 'A' }],
        query,
        answer: query.toUpperCase(),
        accept: [],
        dummyQueries: split === 'baseline' ? [] : ['b'],
      }
    })
  return {
    task,
    category: 'algorithmic',
    scoring: 'exact',
    reading: 'as-written',
    pairs: [{ input: 'a', output: 'A', accept: ['á'] }],
    items: { baseline: items('baseline', 2), dev: items('dev', 3), test: items('test', 4) },
    warnings: [],
    ...change,
  }
}

/** A run whose first `correct` items are right. */
export function run(kind: RunResult['kind'], split: Split, layer: number | null, correct: number): RunResult {
  const count = { baseline: 2, dev: 3, test: 4 }[split]
  const each = Array.from({ length: count }, (_, i) => i)
  return {
    kind,
    split,
    layer,
    predictions: {
      tokens: each.map((i) => i + 10),
      texts: each.map((i) => ` text ${i}`),
      correct: each.map((i) => i < correct),
      answerLogProbs: each.map((i) => -0.5 * (i + 1)),
      answerRanks: each.map((i) => i + 1),
      answerLogitDifferences: each.map((i) => -i),
    },
  }
}

export const theta = { layer: 2, base64: Buffer.from(Float32Array.of(0.5, -1).buffer).toString('base64') }

export function newDatabase(): string {
  return join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'results.db')
}

/** Plans and computes one task as the workflow does; `dev` are the right answers per layer. */
export function runTask(
  store: Store,
  sweepId: string,
  task: string,
  dev: readonly number[],
  model = 'm',
  given = prepared(task),
): void {
  const layers = dev.map((_, layer) => layer)
  const place = { sweepId, model, task, seconds: 1.5, computedBy: 'test' }
  const plan = store.planTask({ sweepId, model, info, prepared: given, layerChunks: [layers] })
  if (!plan.baselineStored)
    store.recordRuns({ ...place, layersTogether: [], runs: [run('baseline', 'baseline', null, 0)] })
  if (plan.missingChunks.length > 0) {
    const runs = layers.map((layer) => run('hypothesis', 'dev', layer, dev[layer] ?? 0))
    store.recordRuns({ ...place, layersTogether: layers, runs })
  }
  const { layer, testStored } = store.chooseBestLayer(sweepId, model, task)
  if (testStored) return
  const runs = [run('regular', 'test', null, 4), run('hypothesis', 'test', layer, 3)]
  store.recordRuns({ ...place, layersTogether: [layer], runs, theta: { ...theta, layer } })
}

/** A database with one complete sweep of two tasks. */
export function completeDatabase(): string {
  const file = newDatabase()
  const store = openStore(file)
  store.createSweep(sweep('sample-1'))
  runTask(store, 'sample-1', 'upper', [0, 2, 3, 3])
  runTask(store, 'sample-1', 'first', [1, 1, 0, 1])
  store.setSweepStatus('sample-1', 'complete')
  store.close()
  return file
}
