import { openStore, type Store } from '../../src/store/store.js'
import type { NextStep } from '../../src/store/experiment-units.js'
import { unitKinds, unitsOf } from '../../src/experiments/catalog.js'
import type { AnalysisInput, TaskStep } from '../../src/experiments/experiment.js'
import { vectorKinds } from '../../src/experiments/function-vectors/forward-passes.js'
import type { ConflictingStep } from '../../src/experiments/conflicting/forward-passes.js'
import type { Score } from '../../src/experiments/scores.js'
import type { NewSweep } from '../../src/store/store-inputs.js'
import { info, newDatabase, prepared, runTask, sweep } from './sample.js'

/** Sweeps with further experiments, made-up results: what activities would compute is answered here at once. */

const letters = [...'abcdefghij']
const pairsOf = (answer: (x: string) => string) =>
  letters.map((input) => ({ input, output: answer(input), accept: [] }))

export const preparedUpper = prepared('upper', { pairs: pairsOf((x) => x.toUpperCase()) })
export const preparedFirst = prepared('first', { pairs: pairsOf((x) => x) })

export const further = [
  { experiment: 'robustness', demonstrations: 2, thetas: 3, devItems: 2, layers: { from: 1, to: 2 } },
  {
    experiment: 'conflicting',
    pairs: [
      ['upper', 'first'],
      ['upper', 'absent'],
    ],
    demonstrations: 2,
    items: 3,
  },
  { experiment: 'projection', top: 2 },
  {
    experiment: 'beyond',
    items: 2,
    demonstrationSets: [1, 2],
    multiContext: true,
    layerTransfer: { every: 2 },
    templateTransfer: ['{x}='],
    addition: true,
    decodability: { thetas: 2 },
  },
  { experiment: 'mediation', items: 2, prompts: 2, components: ['heads', 'attention'] },
  { experiment: 'functionVectors', heads: 2, items: 2, prompts: 2 },
  { experiment: 'attention', items: 2 },
  { experiment: 'stateVectors', items: 2, last: null },
]

/** Registers a sweep with further experiments and runs the main one of its two tasks. */
export function begin(store: Store, id: string, change: Partial<NewSweep> = {}): void {
  store.createSweep(sweep(id, { units: unitsOf(further, ['upper', 'first']), ...change }))
  for (const task of [preparedUpper, preparedFirst]) runTask(store, id, task.task, [0, 2, 3, 3], 'm', task)
}

/** Does all that is left to do, as the workflow would; returns the steps' names. */
export function runFurther(store: Store, sweepId: string): string[] {
  const done: string[] = []
  for (const task of ['upper', 'first', '']) {
    for (;;) {
      const next = store.nextStep({ sweepId, model: 'm', task, failed: [] })
      if (!next) break
      store.recordStep(next.unit, next.name, resultOf(next))
      done.push(`${next.unit.experiment} ${next.unit.task} ${next.name}`)
    }
  }
  return done
}

/** What some steps take. */
interface Inputs extends TaskStep, AnalysisInput {
  readonly layer: number
  readonly layers: readonly number[]
  readonly firstItem: number
  readonly sets: readonly number[]
  readonly templates: readonly string[]
}

export function resultOf({ step }: Pick<NextStep, 'step'>): unknown {
  const input = step.input as Inputs
  switch (step.activity) {
    case 'robustnessThetas':
      return thetas(input.items.length, [input.layer], input.firstItem)
    case 'decodabilityThetas':
      return thetas(input.items.length, input.layers, input.firstItem)
    case 'separateTasks':
      return {
        edges: [0, 1],
        tasks: input.thetas.map(({ task }) => ({
          task,
          layer: 2,
          thetas: 3,
          withinMean: 0.1,
          withinSd: 0.1,
          betweenMean: 0.5,
          betweenSd: 0.1,
          purity: 1,
          silhouette: 0.8,
          withinHistogram: [1],
          betweenHistogram: [1],
          points: [
            [0, 0],
            [0, 1],
            [1, 1],
          ],
        })),
      }
    case 'decodeTasks':
      return { scores: input.thetas.map(({ task }) => score(0, { task, setting: 'nearest_mean' })) }
    case 'vocabularyProjection':
      return {
        layers: Array.from({ length: info.blocks + 2 }, (_, layer) => ({
          layer,
          tokens: [
            { token: 5, text: 'A', logProb: -0.5 },
            { token: 6, text: 'B', logProb: -1.5 },
          ],
          items: 4,
          meanRank: 2,
          meanLogProb: -1,
          top1: 1,
          top20: 3,
          top100: 4,
        })),
      }
    case 'conflictingTasks': {
      const { items } = step.input as ConflictingStep
      const each = items.map((_, i) => i)
      const predictions = (correctA: boolean) => ({
        tokens: each,
        texts: each.map(String),
        correctA: each.map(() => correctA),
        correctB: each.map(() => !correctA),
        answerLogProbs: each.map(() => -1),
        answerRanks: each.map(() => 1),
        answerLogitDifferences: each.map(() => 1),
      })
      return {
        queries: items.map(({ a, b }) => ({ query: a.query, answerA: a.answer, answerB: b.answer })),
        regular: predictions(true),
        // The first query follows the demonstrations, the others θ.
        conflicting: {
          ...predictions(false),
          correctA: each.map((i) => i === 0),
          correctB: each.map((i) => i > 0),
        },
      }
    }
    case 'demonstrationSets':
      return { scores: input.sets.map((n) => score(input.layer, { setting: String(n) })) }
    case 'templateTransfer':
      return { scores: input.templates.map((setting) => score(input.layer, { setting })) }
    case 'robustnessLayers':
    case 'layerTransfer':
      return { scores: input.layers.map((layer) => score(layer)) }
    case 'stateVectors':
    case 'multiContext':
    case 'addition':
      return { scores: [score(0), score(1)] }
    case 'mediationEffects': {
      const interval = { effect: 0.1, low: 0, high: 0.2 }
      return {
        effects: [
          ...[0, 1, 2].map((head) => ({
            component: 'heads',
            layer: 1,
            head,
            ...interval,
            effect: head / 10,
          })),
          { component: 'attention', layer: 1, head: null, ...interval },
        ],
        ...{ items: 2, clean: 0.5, shuffled: 0.25 },
      }
    }
    case 'functionVector': {
      const angles = { cosine: 0.5, normFunctionVector: 1, normTheta: 2, inSpan: 0.25, inRandomSpan: 0.1 }
      const read = { correct: 1, firstTokens: 2, answerLogProb: -1 }
      return {
        items: 2,
        scores: ['zero-shot', 'shuffled'].flatMap((prompt) =>
          vectorKinds.map((kind) => ({ prompt, kind, layer: 1, ...read })),
        ),
        geometry: [{ layer: 1, ...angles }],
      }
    }
    case 'attentionShares': {
      const values = Float32Array.of(0.5, 0.25, 0.75, 0.125, 0, 0.25)
      const groups = [
        { group: 'outputs', tokens: 2 },
        { group: 'induction', tokens: 1 },
      ]
      return { items: 2, groups, heads: [1], base64: Buffer.from(values.buffer).toString('base64') }
    }
    default:
      throw new Error(`no such activity: ${step.activity}`)
  }
}

function score(layer: number, change: Partial<Score> = {}): Score {
  return {
    setting: '',
    layer,
    sourceLayer: layer,
    items: 2,
    correct: 1,
    answerLogProb: -1,
    answerRank: 2,
    answerLogitDifference: 0.5,
    ...change,
  }
}

function thetas(items: number, layers: readonly number[], firstItem: number) {
  const values = Float32Array.from({ length: items * layers.length * info.dModel }, (_, i) => firstItem + i)
  return { firstItem, layers, base64: Buffer.from(values.buffer).toString('base64') }
}

/** A database with one complete sweep of two tasks and every experiment. */
export function furtherDatabase(): string {
  const file = newDatabase()
  const store = openStore(file, unitKinds)
  begin(store, 'sample-1')
  runFurther(store, 'sample-1')
  store.setSweepStatus('sample-1', 'complete')
  store.close()
  return file
}
