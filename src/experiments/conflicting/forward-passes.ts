import type { Predictions, Scoring } from '../../domain/types.js'
import type { EvaluateOptions, AnswerMetrics } from '../../engine/engine.js'
import { judge } from '../judge.js'
import { readScoring } from '../../tasks/scoring.js'
import {
  answerOf,
  generating,
  engineItem,
  predict,
  promptsOf,
  type ItemPrompts,
  type RunningEngine,
} from '../prompts.js'
import type { ConflictingItem } from './conflicting-items.js'

export interface ConflictingStep {
  readonly model: string
  readonly modelHash: string
  /** A and B, for the progress display. */
  readonly task: string
  readonly scoringA: Scoring
  readonly scoringB: Scoring
  /** Best L of B. */
  readonly layer: number
  readonly items: readonly ConflictingItem[]
}

export interface ConflictingPredictions extends Omit<Predictions, 'correct' | 'scores'> {
  readonly correctA: readonly boolean[]
  readonly correctB: readonly boolean[]
}

export interface ConflictingResult {
  readonly queries: readonly { readonly query: string; readonly answerA: string; readonly answerB: string }[]
  readonly regular: ConflictingPredictions
  readonly conflicting: ConflictingPredictions
}

/**
 * Dominance of θ (paper, section 4.2, Table 2; docs/protocol.md, Conflicting tasks).
 *
 * 1. Regular: [S_A, x, ->].
 * 2. Conflicting: the same prompt with θ(S_B) patched in at the best L for B.
 * 3. Each prediction is scored by A's answer and by B's.
 */
export async function conflictingTasks(
  engine: RunningEngine,
  { items, scoringA, scoringB, layer }: ConflictingStep,
  options: EvaluateOptions,
): Promise<ConflictingResult> {
  const [ofA, ofB] = [items.map(({ a }) => a), items.map(({ b }) => b)]
  const a = await promptsOf(engine, ofA, scoringA)
  const b = await promptsOf(engine, ofB, scoringB)
  // Two entries per item, one for each expected answer.
  const request = items.flatMap((_, i) => {
    const { regular, ...ofA } = a[i] as ItemPrompts
    const { theta, ...ofB } = b[i] as ItemPrompts
    return [
      engineItem(null, { plainPrompts: [regular], ...answerOf(ofA) }),
      engineItem(regular, { thetaPrompts: theta, ...answerOf(ofB) }),
    ]
  })
  const { plain, patched } = await engine.evaluate(
    { items: request, layers: [layer], ...generating(scoringA) },
    options,
  )

  async function scored(readings: readonly AnswerMetrics[]): Promise<ConflictingPredictions> {
    const { correct, scores: _, ...rest } = await predict(engine, ofA, scoringA, readings)
    const b = await judge(engine, ofB, readScoring(scoringB).rule, rest.tokens, rest.texts)
    return { ...rest, correctA: correct, correctB: b.correct }
  }
  return {
    queries: items.map(({ a, b }) => ({ query: a.query, answerA: a.answer, answerB: b.answer })),
    regular: await scored(items.map((_, i) => plain[2 * i]?.[0] as AnswerMetrics)),
    conflicting: await scored(items.map((_, i) => patched[2 * i + 1]?.[0] as AnswerMetrics)),
  }
}
