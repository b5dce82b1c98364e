import type { Item } from '../../domain/types.js'
import type { AnswerMetrics } from '../../engine/engine.js'
import type { Scoring } from '../../domain/types.js'
import { predict } from '../prompts.js'

/** Stored scores of a vector's answers, over a task's items. */
export interface VectorScores {
  readonly correct: number
  /** Items whose greedy token is the answer's first. */
  readonly firstTokens: number
  /** Mean over items, in nats. */
  readonly answerLogProb: number
}

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
