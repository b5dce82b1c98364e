/**
 * Writes a results database of the paper's size and more, through the store's own code, with made-up numbers: seven models
 * of 28 to 60 blocks, 18 tasks, every layer, every experiment; with the default of 200 dev and 400 test items over
 * 1,000,000 rows in `predictions`. Usage: npx tsx bench/large-database.ts FILE [DEV_ITEMS] [TEST_ITEMS]
 */
import { unitKinds, unitsOf } from '../src/experiments/catalog.js'
import type { ConflictingStep } from '../src/experiments/conflicting/forward-passes.js'
import type { AnalysisInput, TaskStep } from '../src/experiments/experiment.js'
import type { Score } from '../src/experiments/scores.js'
import type { Category, Item, ModelInfo, PreparedTask, Protocol, RunResult } from '../src/domain/types.js'
import { openStore } from '../src/store/store.js'
import type { NextStep } from '../src/store/experiment-units.js'
import { randomFor } from '../src/statistics/random.js'
import { builtinTaskIds } from '../src/tasks/registry.js'

const [file, devItems = '200', testItems = '400'] = process.argv.slice(2)
if (!file) throw new Error('Usage: npx tsx bench/large-database.ts FILE [DEV_ITEMS] [TEST_ITEMS]')

const sizes = { baseline: 100, dev: Number(devItems), test: Number(testItems) }
/** Numbers of blocks, as in the paper. */
const blocksOf: Readonly<Record<string, number>> = {
  'llama-7b': 32,
  'llama-13b': 40,
  'llama-30b': 60,
  'gpt-j-6b': 28,
  'pythia-2.8b': 32,
  'pythia-6.9b': 32,
  'pythia-12b': 36,
}
/** Far below any model's: θ are not what this is about. */
const dModel = 16

const protocol: Protocol = {
  seed: 41,
  demonstrations: 5,
  dummyQueries: 2,
  dummyMayBeDemonstration: true,
  testItems: sizes.test,
  devItems: sizes.dev,
  baselineItems: sizes.baseline,
}

const tasks = [...builtinTaskIds]
const further = [
  { experiment: 'robustness', demonstrations: 4, thetas: 50, devItems: 50, layers: null },
  {
    experiment: 'conflicting',
    pairs: [
      ['algorithmic_next_letter', 'algorithmic_to_upper'],
      ['translation_en_es', 'translation_en_fr'],
    ],
    demonstrations: 4,
    items: 100,
  },
  { experiment: 'projection', top: 100 },
  {
    experiment: 'beyond',
    items: 50,
    demonstrationSets: [1, 2, 5, 10, 50],
    multiContext: true,
    layerTransfer: { every: 1 },
    templateTransfer: ['{x}->', 'Q:{x} A:'],
    addition: true,
    decodability: { thetas: 20 },
  },
]

const random = randomFor('large database')
const share = () => random.below(1 << 30) / (1 << 30)
const words = Array.from({ length: 300 }, (_, i) => `word${i}`)
const pairs = words.map((input) => ({ input, output: input.toUpperCase(), accept: [] }))
const word = () => words[random.below(words.length)] as string

const store = openStore(file, unitKinds)
const sweepId = 'large-00000000'
store.createSweep({
  id: sweepId,
  name: 'large',
  config: '{"name":"large"}',
  codeVersion: 'bench',
  machine: { cpu: 'bench', cores: 1 },
  protocol,
  models: Object.keys(blocksOf).map((id) => ({ id, source: id })),
  tasks: tasks.map((id) => ({ kind: 'builtin', id })),
  units: unitsOf(further, tasks),
})
for (const [model, blocks] of Object.entries(blocksOf)) {
  for (const task of tasks) runMain(model, blocks, task)
  for (const task of [...tasks, '' as const]) {
    const units = { sweepId, model, task, failed: [] }
    for (let next = store.nextStep(units); next; next = store.nextStep(units))
      store.recordStep(next.unit, next.name, resultOf(next, blocks))
  }
  process.stderr.write(`${model} written\n`)
}
store.setSweepStatus(sweepId, 'complete')
store.close()

/** The main experiment of one task, in the workflow's order. */
function runMain(model: string, blocks: number, task: string): void {
  const info: ModelInfo = {
    modelHash: Buffer.from(model).toString('hex').padEnd(64, '0'),
    architecture: 'made-up',
    blocks,
    dModel,
    vocab: 50_000,
    parameters: 1,
    weights: 'made-up',
    numerics: { mode: 'f32', runtime: 'none', threads: 1, itemsPerChunk: 8, revision: 0 },
  }
  const prepared: PreparedTask = {
    task,
    category: task.split('_')[0] as Category,
    scoring: 'exact',
    reading: 'as-written',
    pairs,
    items: { baseline: drawn(sizes.baseline), dev: drawn(sizes.dev), test: drawn(sizes.test) },
    warnings: [],
  }
  const layers = Array.from({ length: blocks }, (_, layer) => layer)
  const place = { sweepId, model, task, seconds: 1, computedBy: 'bench' }
  store.planTask({ sweepId, model, info, prepared, layerChunks: [layers] })
  const baseline = run('baseline', 'baseline', null, 0.1)
  store.recordRuns({ ...place, layersTogether: [], runs: [baseline] })
  // Rises, and falls after the middle, as the paper's curves do.
  const dev = layers.map((layer) =>
    run('hypothesis', 'dev', layer, Math.exp(-(((layer / blocks - 0.4) * 5) ** 2))),
  )
  store.recordRuns({ ...place, layersTogether: layers, runs: dev })
  const { layer } = store.chooseBestLayer(sweepId, model, task)
  const test = [run('regular', 'test', null, 0.9), run('hypothesis', 'test', layer, 0.8)]
  const theta = { layer, base64: thetasOf(1) }
  store.recordRuns({ ...place, layersTogether: [layer], runs: test, theta })
}

function drawn(count: number): Item[] {
  return Array.from({ length: count }, () => {
    const query = word()
    return {
      demonstrations: Array.from({ length: protocol.demonstrations }, () => {
        const input = word()
        return { input, output: input.toUpperCase() }
      }),
      query,
      answer: query.toUpperCase(),
      accept: [],
      dummyQueries: [word(), word()],
    }
  })
}

function run(
  kind: RunResult['kind'],
  split: RunResult['split'],
  layer: number | null,
  accuracy: number,
): RunResult {
  const each = Array.from({ length: sizes[split] }, () => share())
  return {
    kind,
    split,
    layer,
    predictions: {
      tokens: each.map(() => random.below(50_000)),
      texts: each.map(() => ` ${word()}`),
      correct: each.map((x) => x < accuracy),
      answerLogProbs: each.map((x) => -10 * x),
      answerRanks: each.map((x) => 1 + Math.floor(1000 * x)),
      answerLogitDifferences: each.map((x) => 1 - 10 * x),
    },
  }
}

/** What some steps take. */
interface Inputs extends TaskStep, AnalysisInput {
  readonly layer: number
  readonly layers: readonly number[]
  readonly firstItem: number
  readonly sets: readonly number[]
  readonly templates: readonly string[]
  readonly top: number
}

/** What a step's activity would have computed. */
function resultOf({ step }: NextStep, blocks: number): unknown {
  const every = Array.from({ length: blocks }, (_, layer) => layer)
  const input = step.input as Inputs
  switch (step.activity) {
    case 'robustnessThetas': {
      const { items, layer, firstItem } = input
      return { firstItem, layers: [layer], base64: thetasOf(items.length) }
    }
    case 'decodabilityThetas': {
      const { items, layers, firstItem } = input
      return { firstItem, layers, base64: thetasOf(items.length * layers.length) }
    }
    case 'separateTasks':
      return {
        edges: Array.from({ length: 51 }, (_, i) => i / 50),
        tasks: input.thetas.map(({ task }) => ({
          task,
          layer: 12,
          thetas: 50,
          withinMean: 0.1,
          withinSd: 0.02,
          betweenMean: 0.5,
          betweenSd: 0.05,
          purity: 1,
          silhouette: 0.8,
          withinHistogram: Array.from({ length: 50 }, share),
          betweenHistogram: Array.from({ length: 50 }, share),
          points: Array.from({ length: 50 }, () => [share(), share()]),
        })),
      }
    case 'decodeTasks':
      return {
        scores: input.thetas.flatMap(({ task }) =>
          every.map((layer) => score(layer, { task, setting: 'nearest_mean' })),
        ),
      }
    case 'vocabularyProjection':
      return {
        layers: every.map((layer) => ({
          layer,
          tokens: Array.from({ length: input.top }, (_, rank) => ({
            token: random.below(50_000),
            text: ` ${word()}`,
            logProb: -1 - rank / 10,
          })),
          items: sizes.test,
          meanRank: 50,
          meanLogProb: -3,
          top1: 10,
          top20: 50,
          top100: 100,
        })),
      }
    case 'conflictingTasks': {
      const { items } = step.input as ConflictingStep
      const predictions = () => ({
        tokens: items.map(() => random.below(50_000)),
        texts: items.map(word),
        correctA: items.map(() => share() < 0.5),
        correctB: items.map(() => share() < 0.5),
        answerLogProbs: items.map(() => -share()),
        answerRanks: items.map(() => 1 + random.below(100)),
        answerLogitDifferences: items.map(() => 1 - share()),
      })
      return {
        queries: items.map(({ a, b }) => ({ query: a.query, answerA: a.answer, answerB: b.answer })),
        regular: predictions(),
        conflicting: predictions(),
      }
    }
    case 'demonstrationSets':
      return { scores: input.sets.map((n) => score(input.layer, { setting: String(n) })) }
    case 'templateTransfer':
      return { scores: input.templates.map((setting) => score(input.layer, { setting })) }
    case 'robustnessLayers':
      return { scores: input.layers.map((layer) => score(layer)) }
    case 'layerTransfer':
      return { scores: every.flatMap((layer) => every.map((sourceLayer) => score(layer, { sourceLayer }))) }
    case 'multiContext':
    case 'addition':
      return { scores: every.map((layer) => score(layer)) }
  }
}

function score(layer: number, change: Partial<Score> = {}): Score {
  return {
    setting: '',
    layer,
    sourceLayer: layer,
    items: 50,
    correct: random.below(51),
    answerLogProb: -share(),
    answerRank: 1 + 10 * share(),
    answerLogitDifference: 1 - share(),
    ...change,
  }
}

/** `[vectors, d_model]`, base64. */
function thetasOf(vectors: number): string {
  return Buffer.from(Float32Array.from({ length: vectors * dModel }, share).buffer).toString('base64')
}
