import { allLayers } from '../../domain/layers.js'
import type { Item } from '../../domain/types.js'
import type { AnswerMetrics, Engine, EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { inParts } from '../progress.js'
import { engineItem, promptsOf, readingsAt } from '../prompts.js'
import { thetasOf } from '../thetas.js'
import { geometry, type Geometry } from './geometry.js'
import type { functionVectorScores } from './tables.js'
import { scoreVector } from './vector-scores.js'
import { headOutputs, randomVector, repeated, sumOf, type Head } from './vectors.js'

export const vectorKinds = ['theta-replaced', 'theta-added', 'function-vector', 'random-vector'] as const
export type VectorKind = (typeof vectorKinds)[number]
export type PromptKind = 'zero-shot' | 'shuffled'

export interface FunctionVectorStep extends TaskStep {
  /** Clean prompts, over which the heads' outputs are averaged. */
  readonly clean: readonly Item[]
  /** `items` with shuffled labels. */
  readonly shuffled: readonly Item[]
  readonly heads: readonly Head[]
  readonly seed: number
}

export interface FunctionVectorResult {
  readonly items: number
  readonly scores: readonly Omit<typeof functionVectorScores.$inferSelect, 'runId' | 'taskId' | 'items'>[]
  readonly geometry: readonly Geometry[]
}

/**
 * The function vector of one task compared with its θ (Todd et al. 2023, sections 2.3 and 3): the sum of the chosen heads' mean
 * contributions, added to the last token after block L, for every L; compared with θ_L in place and added, and a random vector
 * of the same norm.
 */
export async function functionVector(
  engine: Pick<Engine, 'info' | 'encode' | 'decode' | 'decodeAll' | 'evaluate' | 'components'>,
  { items, clean, shuffled, heads, scoring, seed, task }: FunctionVectorStep,
  options: EvaluateOptions,
): Promise<FunctionVectorResult> {
  const part = inParts(options, 9)
  const { blocks, dModel } = engine.info
  const layers = allLayers(blocks)
  const outputs = await headOutputs(engine, clean, heads, part())
  const vector = sumOf(outputs, dModel)
  const random = randomVector(vector, { seed, task })
  const prompts = await promptsOf(engine, items)
  const withShuffled = await promptsOf(engine, shuffled)
  const asked: Record<PromptKind, readonly number[][]> = {
    'zero-shot': prompts.map(({ bare }) => bare),
    shuffled: withShuffled.map(({ regular }) => regular),
  }

  /** θ_L of each item, `[items, layers, d_model]`. */
  const thetas = await thetasOf(engine, items, layers, part())
  const ofItem = (item: number) => thetas.subarray(item * blocks * dModel, (item + 1) * blocks * dModel)

  async function patched(
    prompt: PromptKind,
    kind: VectorKind,
  ): Promise<readonly (readonly AnswerMetrics[])[]> {
    const everywhere = { 'function-vector': vector, 'random-vector': random }[kind as string]
    const { patched } = await engine.evaluate(
      {
        items: prompts.map(({ answerToken }, item) =>
          engineItem(asked[prompt][item] as number[], {
            answerToken,
            ...(everywhere ? {} : { givenTheta: ofItem(item) }),
          }),
        ),
        layers,
        ...(everywhere ? { givenTheta: repeated(everywhere, blocks) } : {}),
        patch: kind === 'theta-replaced' ? 'replace' : 'add',
      },
      part(),
    )
    return patched
  }

  const scores: FunctionVectorResult['scores'][number][] = []
  // θ replaces the last state, and with it all trace of the labels there; the earlier tokens still carry them.
  for (const prompt of ['zero-shot', 'shuffled'] as const)
    for (const kind of vectorKinds) {
      const readings = await patched(prompt, kind)
      for (const layer of layers) {
        const score = await scoreVector(engine, items, prompts, scoring, readingsAt(readings, layer))
        scores.push({ prompt, kind, layer, ...score })
      }
    }
  return { items: items.length, scores, geometry: geometry(thetas, vector, outputs, engine.info) }
}
