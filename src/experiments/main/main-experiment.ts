import type { Item, RunResult, Scoring } from '../../domain/types.js'
import type { EvaluateOptions, EvaluatePart } from '../../engine/engine.js'
import type { GivenVectors } from '../given-theta.js'
import {
  answerOf,
  generating,
  engineItem,
  predict,
  promptsOf,
  readingsAt,
  type RunningEngine,
} from '../prompts.js'

/**
 * The main experiment (paper, section 3 and Figures 3 and 4; docs/protocol.md, Main experiment).
 *
 * 0. Baseline: the ordinary run on [x, ->].
 * 1. Dev: for every dev item (S, x), θ_L is the mean over the dummy queries x' of the last token's `resid_post`
 *    of L in [S, x', ->]; hypothesis is [x, ->] with its last token's `resid_post` of L replaced by θ_L.
 *    If the config gives vectors (`given`), they replace θ.
 * 2. The best L is the lowest with the highest dev accuracy (chosen by the store, which has all cells).
 * 3. Test: regular, [S, x, ->], and hypothesis at the best L.
 */
export interface Outcome {
  readonly runs: readonly RunResult[]
  /** Seconds inside the engine. */
  readonly seconds: number
  /** `[d_model]`: mean θ over the items, if one layer was patched. */
  readonly theta?: Float32Array
  /** `[d_model]`: the sum of θ over the items so far, if they are a part. */
  readonly thetaSum?: Float64Array
}

/** Step 0. */
export async function runBaseline(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  options: EvaluateOptions = {},
  part?: EvaluatePart,
): Promise<Outcome> {
  const prompts = await promptsOf(engine, items, scoring)
  const request = prompts.map(({ bare, ...prompt }) =>
    engineItem(null, { plainPrompts: [bare], ...answerOf(prompt) }),
  )
  const { plain, seconds } = await engine.evaluate(
    { items: request, layers: [], ...generating(scoring), ...ofWhole(part) },
    options,
  )
  const predictions = await predict(engine, items, scoring, readingsAt(plain, 0))
  return { runs: [{ kind: 'baseline', split: 'baseline', layer: null, predictions }], seconds }
}

/** Step 1, for some of the layers L, ascending: one run each. */
export async function runDev(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  layers: readonly number[],
  options: EvaluateOptions = {},
  part?: EvaluatePart,
  given?: GivenVectors,
): Promise<Outcome> {
  const prompts = await promptsOf(engine, items, scoring)
  const request = prompts.map(({ theta, bare, ...prompt }) =>
    engineItem(bare, { thetaPrompts: given ? [] : theta, ...answerOf(prompt) }),
  )
  const { patched, seconds } = await engine.evaluate(
    { items: request, layers, ...generating(scoring), ...ofWhole(part), ...given },
    options,
  )
  const runs: RunResult[] = []
  for (const [i, layer] of layers.entries()) {
    const predictions = await predict(engine, items, scoring, readingsAt(patched, i))
    runs.push({ kind: 'hypothesis', split: 'dev', layer, predictions })
  }
  return { runs, seconds }
}

/** Step 3: regular, and hypothesis at the best L. */
export async function runTest(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  bestLayer: number,
  options: EvaluateOptions = {},
  part?: EvaluatePart,
  given?: GivenVectors,
): Promise<Outcome> {
  const prompts = await promptsOf(engine, items, scoring)
  const request = prompts.map(({ theta, bare, regular, ...prompt }) =>
    engineItem(bare, { thetaPrompts: given ? [] : theta, plainPrompts: [regular], ...answerOf(prompt) }),
  )
  const { patched, plain, thetas, thetaSum, seconds } = await engine.evaluate(
    {
      items: request,
      layers: [bestLayer],
      ...(given ?? { thetas: 'mean' }),
      ...generating(scoring),
      ...ofWhole(part),
    },
    options,
  )
  const regular = await predict(engine, items, scoring, readingsAt(plain, 0))
  const hypothesis = await predict(engine, items, scoring, readingsAt(patched, 0))
  const runs: RunResult[] = [
    { kind: 'regular', split: 'test', layer: null, predictions: regular },
    { kind: 'hypothesis', split: 'test', layer: bestLayer, predictions: hypothesis },
  ]
  const theta = given?.givenTheta ?? thetas
  return { runs, seconds, ...(theta ? { theta } : {}), ...(thetaSum ? { thetaSum } : {}) }
}

function ofWhole(part: EvaluatePart | undefined): { part?: EvaluatePart } {
  return part ? { part } : {}
}
