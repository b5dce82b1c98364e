import { TaskvecError } from '../../domain/errors.js'
import type { Item, Predictions, RunResult, Scoring } from '../../domain/types.js'
import type {
  Engine,
  EvaluateItem,
  EvaluateOptions,
  EvaluatePart,
  AnswerMetrics,
} from '../../engine/engine.js'
import { formatPrompt } from '../../prompt/format.js'
import { cut, isCorrect } from '../../tasks/scoring.js'

/**
 * The main experiment (paper, section 3 and Figures 3 and 4; docs/protocol.md, Main experiment).
 *
 * 0. Baseline: the ordinary run on [x, ->].
 * 1. Dev: for every dev item (S, x), θ_L is the mean over the dummy queries x' of the last token's residual stream
 *    after block L of [S, x', ->]; hypothesis is [x, ->] with θ_L in its last token's place after block L.
 * 2. The best L is the lowest with the highest dev accuracy (chosen by the store, which has all cells).
 * 3. Test: regular, [S, x, ->], and hypothesis at the best L.
 */
export interface Outcome {
  readonly runs: readonly RunResult[]
  /** Seconds inside the engine. */
  readonly seconds: number
  /** `[d_model]`: mean θ over the items, where one layer was patched. */
  readonly theta?: Float32Array
  /** `[d_model]`: its sum over the items up to here, where they are a part. */
  readonly thetaSum?: Float64Array
}

export type RunningEngine = Pick<Engine, 'encode' | 'decode' | 'evaluate'>

/** Step 0. */
export async function runBaseline(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  options: EvaluateOptions = {},
  part?: EvaluatePart,
): Promise<Outcome> {
  const prompts = await promptsOf(engine, items)
  const request = prompts.map(({ bare, answerToken }) => ({
    thetaPrompts: [],
    patchedPrompt: null,
    plainPrompts: [bare],
    answerToken,
  }))
  const { plain, seconds } = await engine.evaluate({ items: request, layers: [], ...ofWhole(part) }, options)
  const predictions = await predict(engine, items, scoring, plain.map(first))
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
): Promise<Outcome> {
  const prompts = await promptsOf(engine, items)
  const request = prompts.map(({ theta, bare, answerToken }) => ({
    thetaPrompts: theta,
    patchedPrompt: bare,
    plainPrompts: [],
    answerToken,
  }))
  const { patched, seconds } = await engine.evaluate({ items: request, layers, ...ofWhole(part) }, options)
  const runs: RunResult[] = []
  for (const [i, layer] of layers.entries()) {
    const predictions = await predict(
      engine,
      items,
      scoring,
      patched.map((row) => row[i] as AnswerMetrics),
    )
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
): Promise<Outcome> {
  const prompts = await promptsOf(engine, items)
  const request: EvaluateItem[] = prompts.map(({ theta, bare, regular, answerToken }) => ({
    thetaPrompts: theta,
    patchedPrompt: bare,
    plainPrompts: [regular],
    answerToken,
  }))
  const { patched, plain, thetas, thetaSum, seconds } = await engine.evaluate(
    { items: request, layers: [bestLayer], thetas: 'mean', ...ofWhole(part) },
    options,
  )
  const regular = await predict(engine, items, scoring, plain.map(first))
  const hypothesis = await predict(engine, items, scoring, patched.map(first))
  const runs: RunResult[] = [
    { kind: 'regular', split: 'test', layer: null, predictions: regular },
    { kind: 'hypothesis', split: 'test', layer: bestLayer, predictions: hypothesis },
  ]
  return { runs, seconds, ...(thetas ? { theta: thetas } : {}), ...(thetaSum ? { thetaSum } : {}) }
}

export interface ItemPrompts {
  /** [S, x', ->] for each dummy query x'. */
  readonly theta: number[][]
  /** [x, ->] */
  readonly bare: number[]
  /** [S, x, ->] */
  readonly regular: number[]
  readonly answerToken: number
}

/** Token ids of every prompt of every item, in one call of the tokenizer. */
export async function promptsOf(
  engine: Pick<Engine, 'encode'>,
  items: readonly Item[],
): Promise<ItemPrompts[]> {
  const texts = items.flatMap(({ demonstrations, query, answer, dummyQueries }) => [
    formatPrompt([], query),
    formatPrompt([], query) + answer,
    formatPrompt(demonstrations, query),
    ...dummyQueries.map((dummy) => formatPrompt(demonstrations, dummy)),
  ])
  const encoded = await engine.encode(texts)
  const alone = await engine.encode(
    items.map(({ answer }) => answer),
    { special: false },
  )
  let next = 0
  return items.map(({ dummyQueries }, i) => {
    const [bare = [], answered = [], regular = [], ...theta] = encoded.slice(
      next,
      (next += 3 + dummyQueries.length),
    )
    return { bare, regular, theta, answerToken: firstAnswerToken(bare, answered, alone[i] ?? []) }
  })
}

/** The token that follows the prompt where its answer does; else, where the two merge, the answer's own first token. */
function firstAnswerToken(
  bare: readonly number[],
  answered: readonly number[],
  alone: readonly number[],
): number {
  const continues = answered.length > bare.length && bare.every((token, i) => answered[i] === token)
  return (continues ? answered[bare.length] : alone[0]) ?? 0
}

/** What was read at each item's last token, scored. Throws MODEL where a value is not a number. */
export async function predict(
  engine: Pick<Engine, 'decode'>,
  items: readonly Item[],
  scoring: Scoring,
  readings: readonly AnswerMetrics[],
): Promise<Predictions> {
  const tokens = readings.map(({ token }) => token)
  const texts = (await engine.decode(tokens)).map(cut)
  const answerLogProbs = readings.map(({ answerLogProb }) => answerLogProb)
  if (!answerLogProbs.every(Number.isFinite)) {
    throw new TaskvecError('MODEL', 'the model computes values that are not numbers', {
      hint: 'Its weights hold NaN or infinities: taskvec models check.',
    })
  }
  return {
    tokens,
    texts,
    correct: items.map(({ answer, accept }, i) =>
      isCorrect({ scoring, prediction: texts[i] ?? '', answer, accept }),
    ),
    answerLogProbs,
    answerRanks: readings.map(({ answerRank }) => answerRank),
    answerLogitDifferences: readings.map(({ answerLogitDifference }) => answerLogitDifference),
  }
}

function ofWhole(part: EvaluatePart | undefined): { part?: EvaluatePart } {
  return part ? { part } : {}
}

function first(readings: readonly AnswerMetrics[]): AnswerMetrics {
  return readings[0] as AnswerMetrics
}
