import type { Item, Scoring } from '../domain/types.js'
import type { AnswerMetrics } from '../engine/engine.js'
import { unitScores } from '../store/schema/units.js'
import { rowsOf, type TableRows } from './experiment.js'
import { predict, type RunningEngine } from './prompts.js'

/** Accuracy and means over some items. */
export interface Score {
  /** The task, if the step covers several. */
  readonly task?: string
  readonly setting: string
  readonly layer: number
  readonly sourceLayer: number
  readonly items: number
  readonly correct: number
  readonly answerLogProb: number | null
  readonly answerRank: number | null
  readonly answerLogitDifference: number | null
}

export interface Scores {
  readonly scores: readonly Score[]
}

/** Accuracy and mean metrics of the answers, over at least one item. */
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

export function scoreRows({ scores }: Scores): TableRows[] {
  return [
    rowsOf(
      unitScores,
      scores.map(({ task = '', ...score }) => ({ taskId: task, ...score })),
    ),
  ]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
