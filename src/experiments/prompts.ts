import { TaskvecError } from '../domain/errors.js'
import type { Item, Predictions, Scoring } from '../domain/types.js'
import type { AnswerMetrics, Engine } from '../engine/engine.js'
import { answerGap, answeredPrompt, formatPrompt, specialOf } from '../prompt/format.js'
import { cut } from '../tasks/scoring.js'
import { firstAnswerToken, judge } from './judge.js'

/** Prompts of items as token ids, and what the model answers to them. */

export type RunningEngine = Pick<Engine, 'encode' | 'decode' | 'evaluate'>

export interface ItemPrompts {
  /** [S, x', ->] for each dummy query x'. */
  readonly theta: number[][]
  /** [x, ->] */
  readonly bare: number[]
  /** [S, x, ->] */
  readonly regular: number[]
  readonly answerToken: number
}

/** Token ids of every prompt of every item, in one call of the tokenizer: all have one prompt format. */
export async function promptsOf(
  engine: Pick<Engine, 'encode'>,
  items: readonly Item[],
): Promise<ItemPrompts[]> {
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
    return { bare, regular, theta, answerToken: firstAnswerToken(bare, answered, alone[i] ?? []) }
  })
}

/** What was read at each item's last token, scored. Throws MODEL where a value is not a number. */
export async function predict(
  engine: Pick<Engine, 'encode' | 'decode'>,
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
    correct: await judge(engine, items, scoring, tokens, texts),
    answerLogProbs,
    answerRanks: readings.map(({ answerRank }) => answerRank),
    answerLogitDifferences: readings.map(({ answerLogitDifference }) => answerLogitDifference),
  }
}
