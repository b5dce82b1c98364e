import type { Item } from '../../domain/types.js'
import type { AnswerMetrics, Engine, EvaluateOptions } from '../../engine/engine.js'
import { scoringFor } from '../../tasks/scoring.js'
import type { TaskStep } from '../experiment.js'
import { vectorKinds, type VectorKind } from '../function-vectors/forward-passes.js'
import { scoreVector, type VectorScores } from '../function-vectors/vector-scores.js'
import { headOutputs, randomVector, repeated, sumOf, type Head } from '../function-vectors/vectors.js'
import { inParts } from '../progress.js'
import { answerOf, generating, engineItem, promptsOf, readingsAt, type RunningEngine } from '../prompts.js'
import { thetasOf } from '../thetas.js'
import { inSentence } from './templates.js'

export interface NaturalTextStep extends TaskStep {
  /** Clean prompts, over which the heads' outputs are averaged. */
  readonly clean: readonly Item[]
  readonly heads: readonly Head[]
  readonly templates: readonly string[]
  /** The L after which each kind of vector is put in or added, ascending. */
  readonly layers: Readonly<Record<VectorKind, readonly number[]>>
  readonly maxTokens: number
  readonly seed: number
}

export interface NaturalTextResult {
  readonly items: number
  readonly scores: readonly ({
    readonly template: string
    /** `none`: no vector. */
    readonly kind: VectorKind | 'none'
    /** Null without a vector. */
    readonly layer: number | null
  } & VectorScores)[]
}

/**
 * Queries in sentences of natural text (Todd et al. 2023, section 3.2): the vectors of `functionVector`, patched in or added at the last token
 * of each sentence. A continuation of `maxTokens` tokens is right if it contains the answer.
 */
export async function naturalText(
  engine: RunningEngine & Pick<Engine, 'info' | 'components'>,
  { items, clean, heads, templates, layers, maxTokens, seed, task }: NaturalTextStep,
  options: EvaluateOptions,
): Promise<NaturalTextResult> {
  const part = inParts(options, 2 + templates.length * vectorKinds.length)
  const { dModel } = engine.info
  const vector = sumOf(await headOutputs(engine, clean, heads, part()), dModel)
  const everywhere: Partial<Record<VectorKind, Float32Array>> = {
    'function-vector': vector,
    'random-vector': randomVector(vector, { seed, task }),
  }
  const ofThetas = union(layers['theta-replaced'], layers['theta-added'])
  const thetas = await thetasOf(engine, items, ofThetas, part())
  const thetaOf = (item: number, asked: readonly number[]) => {
    const rows = new Float32Array(asked.length * dModel)
    for (const [i, layer] of asked.entries()) {
      const at = (item * ofThetas.length + ofThetas.indexOf(layer)) * dModel
      rows.set(thetas.subarray(at, at + dModel), i * dModel)
    }
    return rows
  }
  const scoring = scoringFor('contains', { maxTokens, stop: [] })
  const scores: NaturalTextResult['scores'][number][] = []
  for (const template of templates) {
    const written = items.map((item) => inSentence(item, template))
    const prompts = await promptsOf(engine, written, scoring)
    const add = async (
      kind: VectorKind | 'none',
      layer: number | null,
      readings: readonly AnswerMetrics[],
    ) => {
      const score = await scoreVector(engine, written, prompts, scoring, readings)
      scores.push({ template, kind, layer, ...score })
    }
    for (const [k, kind] of vectorKinds.entries()) {
      const given = everywhere[kind]
      const { patched, plain } = await engine.evaluate(
        {
          items: prompts.map((prompt, item) =>
            engineItem(prompt.bare, {
              plainPrompts: k === 0 ? [prompt.bare] : [],
              ...answerOf(prompt),
              ...(given ? {} : { givenTheta: thetaOf(item, layers[kind]) }),
            }),
          ),
          layers: layers[kind],
          ...(given ? { givenTheta: repeated(given, layers[kind].length) } : {}),
          patch: kind === 'theta-replaced' ? 'replace' : 'add',
          ...generating(scoring),
        },
        part(),
      )
      if (k === 0) await add('none', null, readingsAt(plain, 0))
      for (const [l, layer] of layers[kind].entries()) await add(kind, layer, readingsAt(patched, l))
    }
  }
  return { items: items.length, scores }
}

function union(...lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b)
}
