import { allLayers } from '../../domain/layers.js'
import type { Item } from '../../domain/types.js'
import type { AnswerMetrics, Engine, EvaluateOptions } from '../../engine/engine.js'
import { randomFor } from '../../statistics/random.js'
import type { TaskStep } from '../experiment.js'
import { predict, promptsOf } from '../prompts.js'
import { geometry, type Geometry } from './geometry.js'

export const vectorKinds = ['theta-replaced', 'theta-added', 'function-vector', 'random-vector'] as const
export type VectorKind = (typeof vectorKinds)[number]
export type PromptKind = 'zero-shot' | 'shuffled'

export interface FunctionVectorStep extends TaskStep {
  /** Clean prompts, over which the heads' outputs are averaged. */
  readonly clean: readonly Item[]
  /** `items` with shuffled labels. */
  readonly shuffled: readonly Item[]
  readonly heads: readonly { readonly layer: number; readonly head: number }[]
  readonly seed: number
}

export interface FunctionVectorResult {
  readonly items: number
  readonly scores: readonly {
    readonly prompt: PromptKind
    readonly kind: VectorKind
    readonly layer: number
    readonly correct: number
    readonly firstTokens: number
    readonly answerLogProb: number
  }[]
  readonly geometry: readonly Geometry[]
}

/**
 * The function vector of one task beside its θ (Todd et al. 2023, sections 2.3 and 3): the sum of the chosen heads' mean
 * contributions, added to the last token after block L, for every L; beside it θ_L in place and added, and a random vector
 * of the same norm.
 */
export async function functionVector(
  engine: Pick<Engine, 'info' | 'encode' | 'decode' | 'decodeAll' | 'evaluate' | 'components'>,
  { items, clean, shuffled, heads, scoring, seed, task }: FunctionVectorStep,
  { signal, onProgress }: EvaluateOptions,
): Promise<FunctionVectorResult> {
  let done = 0
  const step = () => {
    const from = done++
    return {
      ...(signal ? { signal } : {}),
      onProgress: (fraction: number) => onProgress?.((from + fraction) / 9),
    }
  }
  const { blocks, dModel } = engine.info
  const layers = allLayers(blocks)
  const outputs = await headOutputs(engine, clean, heads, step())
  const vector = sumOf(outputs, dModel)
  const random = randomVector(vector, { seed, task })
  const prompts = await promptsOf(engine, items)
  const withShuffled = await promptsOf(engine, shuffled)
  const asked: Record<PromptKind, readonly number[][]> = {
    'zero-shot': prompts.map(({ bare }) => bare),
    shuffled: withShuffled.map(({ regular }) => regular),
  }

  /** θ_L of each item, `[items, layers, d_model]`. */
  const { thetas = new Float32Array() } = await engine.evaluate(
    {
      items: prompts.map(({ theta }) => ({
        thetaPrompts: theta,
        patchedPrompt: null,
        plainPrompts: [],
        answerToken: 0,
      })),
      layers,
      thetas: 'each',
    },
    step(),
  )
  const ofItem = (item: number) => thetas.subarray(item * blocks * dModel, (item + 1) * blocks * dModel)

  async function patched(prompt: PromptKind, kind: VectorKind): Promise<AnswerMetrics[][]> {
    const everywhere = { 'function-vector': vector, 'random-vector': random }[kind as string]
    const { patched } = await engine.evaluate(
      {
        items: prompts.map(({ answerToken }, item) => ({
          thetaPrompts: [],
          patchedPrompt: asked[prompt][item] as number[],
          plainPrompts: [],
          answerToken,
          ...(everywhere ? {} : { givenTheta: ofItem(item) }),
        })),
        layers,
        ...(everywhere ? { givenTheta: repeated(everywhere, blocks) } : {}),
        patch: kind === 'theta-replaced' ? 'replace' : 'add',
      },
      step(),
    )
    return patched as AnswerMetrics[][]
  }

  const scores: FunctionVectorResult['scores'][number][] = []
  // θ in place of a prompt's last state leaves nothing of its labels there: but its earlier tokens do speak.
  for (const prompt of ['zero-shot', 'shuffled'] as const)
    for (const kind of vectorKinds) {
      const readings = await patched(prompt, kind)
      for (const layer of layers) {
        const atLayer = readings.map((ofItem) => ofItem[layer] as AnswerMetrics)
        const { correct, answerLogProbs } = await predict(engine, items, scoring, atLayer)
        scores.push({
          ...{ prompt, kind, layer },
          correct: correct.filter(Boolean).length,
          firstTokens: atLayer.filter(({ token }, i) => token === prompts[i]?.answerToken).length,
          answerLogProb: answerLogProbs.reduce((a, b) => a + b, 0) / items.length,
        })
      }
    }
  return { items: items.length, scores, geometry: geometry(thetas, { vector, outputs, blocks, dModel }) }
}

/** Mean contributions of the heads over the items' prompts, `[d_model]` each. */
async function headOutputs(
  engine: Pick<Engine, 'encode' | 'components' | 'info'>,
  items: readonly Item[],
  heads: FunctionVectorStep['heads'],
  options: EvaluateOptions,
): Promise<Float32Array[]> {
  const prompts = await promptsOf(engine, items)
  const { captured } = await engine.components(
    {
      items: prompts.map(({ regular, answerToken }) => ({ prompt: regular, branches: [], answerToken })),
      capture: { components: ['contributions'], as: 'mean' },
    },
    options,
  )
  const { dModel } = engine.info
  return heads.map(
    ({ layer, head }) =>
      captured.contributions?.[layer]?.slice(head * dModel, (head + 1) * dModel) ?? new Float32Array(dModel),
  )
}

function sumOf(vectors: readonly Float32Array[], size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) =>
    vectors.reduce((sum, vector) => sum + (vector[i] as number), 0),
  )
}

/** Evenly distributed in direction, of the same norm. */
function randomVector(
  like: Float32Array,
  key: { readonly seed: number; readonly task: string },
): Float32Array {
  const random = randomFor({ purpose: 'random vector', ...key })
  const uniform = () => (random.below(2 ** 30) + 1) / (2 ** 30 + 1)
  // Box and Muller.
  const normal = Float64Array.from(
    like,
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
  const scale = norm(like) / norm(normal)
  return Float32Array.from(normal, (value) => scale * value)
}

function norm(vector: Float32Array | Float64Array): number {
  let squares = 0
  for (const value of vector) squares += value * value
  return Math.sqrt(squares)
}

function repeated(vector: Float32Array, times: number): Float32Array {
  const all = new Float32Array(times * vector.length)
  for (let i = 0; i < times; i++) all.set(vector, i * vector.length)
  return all
}
