import { TaskvecError } from '../domain/errors.js'
import type { Item, Predictions, Scoring, WholeAnswers } from '../domain/types.js'
import type { AnswerMetrics, Engine, EvaluateItem, Generate } from '../engine/engine.js'
import { answerGap, answeredPrompt, formatPrompt, specialOf } from '../prompt/format.js'
import { cut, readScoring, wholeCharacters } from '../tasks/scoring.js'
import { answerTokens, judge } from './judge.js'

/** Prompts of items as token ids, and the model's answers to them. */

export type RunningEngine = Pick<Engine, 'encode' | 'decode' | 'decodeAll' | 'evaluate'>

export interface ItemPrompts {
  /** [S, x', ->] for each dummy query x'. */
  readonly theta: number[][]
  /** [x, ->] */
  readonly bare: number[]
  /** [S, x, ->] */
  readonly regular: number[]
  readonly answerToken: number
  /** All tokens of the answer, if answers of several tokens are generated. */
  readonly answerTokens?: readonly number[]
}

/** The options of a request for answers scored by `scoring`. */
export function generating(scoring: Scoring): { generate?: Generate } {
  const { answer } = readScoring(scoring)
  return answer ? { generate: answer } : {}
}

/** What the engine reports about the answer. */
export function answerOf({
  answerToken,
  answerTokens,
}: Pick<ItemPrompts, 'answerToken' | 'answerTokens'>): Pick<EvaluateItem, 'answerToken' | 'answerTokens'> {
  return { answerToken, ...(answerTokens ? { answerTokens } : {}) }
}

/** An item in the form that the engine takes, with empty defaults. `patchedPrompt` null: nothing is patched. */
export function engineItem(
  patchedPrompt: EvaluateItem['patchedPrompt'],
  given: Partial<EvaluateItem> & Pick<EvaluateItem, 'answerToken'>,
): EvaluateItem {
  return { thetaPrompts: [], patchedPrompt, plainPrompts: [], ...given }
}

/** Each item's reading at index `i`. */
export function readingsAt(readings: readonly (readonly AnswerMetrics[])[], i: number): AnswerMetrics[] {
  return readings.map((ofItem) => ofItem[i] as AnswerMetrics)
}

/** Token ids of every prompt of every item, in one call of the tokenizer; all have the same prompt format. */
export async function promptsOf(
  engine: Pick<Engine, 'encode'>,
  items: readonly Item[],
  scoring?: Scoring,
): Promise<ItemPrompts[]> {
  const whole = scoring !== undefined && readScoring(scoring).answer !== undefined
  const texts = items.flatMap((item) => {
    const { demonstrations, query, answer, dummyQueries, prompt } = item
    return [
      formatPrompt([], query, prompt),
      answeredPrompt(item, answer),
      formatPrompt(demonstrations, query, prompt),
      ...dummyQueries.map((dummy) => formatPrompt(demonstrations, dummy, prompt)),
    ]
  })
  const encoded = await engine.encode(texts, specialOf(items[0]?.prompt))
  const alone = await engine.encode(
    items.map(({ answer, prompt }) => answerGap(prompt) + answer),
    { special: false },
  )
  let next = 0
  return items.map(({ dummyQueries }, i) => {
    const [bare = [], answered = [], regular = [], ...theta] = encoded.slice(
      next,
      (next += 3 + dummyQueries.length),
    )
    const tokens = answerTokens(bare, answered, alone[i] ?? [])
    return {
      ...{ bare, regular, theta, answerToken: tokens[0] ?? 0 },
      ...(whole && tokens.length > 0 ? { answerTokens: tokens } : {}),
    }
  })
}

/**
 * The reading at each item's last token, scored. If the scoring is for whole answers and only one token was read, that
 * is compared with the answer's first one. Throws MODEL if a value is not a number.
 */
export async function predict(
  engine: Pick<Engine, 'encode' | 'decode' | 'decodeAll'>,
  items: readonly Item[],
  scoring: Scoring,
  readings: readonly AnswerMetrics[],
): Promise<Predictions> {
  const tokens = readings.map(({ token }) => token)
  const whole = wholeOf(readings)
  const { rule, answer } = readScoring(scoring)
  const texts = whole
    ? (await engine.decodeAll(whole.tokens)).map((text) => wholeCharacters(cut(text, answer?.stop)))
    : (await engine.decode(tokens)).map((text) => cut(text))
  const answerLogProbs = readings.map(({ answerLogProb }) => answerLogProb)
  if (!answerLogProbs.every(Number.isFinite)) {
    throw new TaskvecError('MODEL', 'the model computes values that are not numbers', {
      hint: 'Its weights hold NaN or infinities: taskvec models check.',
    })
  }
  return {
    tokens,
    texts,
    ...(await judge(engine, items, answer && !whole ? 'first-token' : rule, tokens, texts)),
    answerLogProbs,
    answerRanks: readings.map(({ answerRank }) => answerRank),
    answerLogitDifferences: readings.map(({ answerLogitDifference }) => answerLogitDifference),
    ...(whole ? { whole } : {}),
  }
}

/** Undefined if one token was read. */
function wholeOf(readings: readonly AnswerMetrics[]): WholeAnswers | undefined {
  if (!readings.some(({ tokens }) => tokens)) return undefined
  return {
    tokens: readings.map(({ tokens = [] }) => tokens),
    logProbs: readings.map(({ wholeAnswer, answerLogProb }) => wholeAnswer?.logProb ?? answerLogProb),
    ranks: readings.map(({ wholeAnswer, answerRank }) => wholeAnswer?.rank ?? answerRank),
  }
}
