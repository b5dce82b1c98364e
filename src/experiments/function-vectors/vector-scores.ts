import type { Item, Scoring } from '../../domain/types.js'
import type { AnswerMetrics } from '../../engine/engine.js'
import { predict } from '../prompts.js'
import type { functionVectorScores } from './tables.js'

/** Stored scores of a vector's answers, over a task's items. */
export type VectorScores = Pick<
  typeof functionVectorScores.$inferSelect,
  'correct' | 'firstTokens' | 'answerLogProb'
>

/** The scores of one reading per item; `prompts` have the answers' first tokens. */
export async function scoreVector(
  engine: Parameters<typeof predict>[0],
  items: readonly Item[],
  prompts: readonly { readonly answerToken: number }[],
  scoring: Scoring,
  readings: readonly AnswerMetrics[],
): Promise<VectorScores> {
  const { correct, answerLogProbs } = await predict(engine, items, scoring, readings)
  return {
    correct: correct.filter(Boolean).length,
    firstTokens: readings.filter(({ token }, i) => token === prompts[i]?.answerToken).length,
    answerLogProb: answerLogProbs.reduce((a, b) => a + b, 0) / items.length,
  }
}
