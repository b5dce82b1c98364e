import type { Score } from '../domain/experiments.js'
import type { Item, Scoring } from '../domain/types.js'
import type { AnswerMetrics } from '../engine/engine.js'
import { predict, type RunningEngine } from './main/main-experiment.js'

/** Accuracy, and the means of what was read about the answers. At least one item. */
export async function scoreOf(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  readings: readonly AnswerMetrics[],
  place: { readonly setting: string; readonly layer: number; readonly sourceLayer: number },
): Promise<Score> {
  const predictions = await predict(engine, items, scoring, readings)
  return {
    ...place,
    items: items.length,
    correct: predictions.correct.filter(Boolean).length,
    answerLogProb: mean(predictions.answerLogProbs),
    answerRank: mean(predictions.answerRanks),
    answerLogitDifference: mean(predictions.answerLogitDifferences),
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
