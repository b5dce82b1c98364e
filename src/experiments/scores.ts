import type { Item, Scoring } from '../domain/types.js'
import type { AnswerMetrics } from '../engine/engine.js'
import { unitScores } from '../store/schema/units.js'
import { rowsOf, type TableRows } from './experiment.js'
import { predict, readingsAt, type RunningEngine } from './prompts.js'

/** Accuracy and means over some items. */
export interface Score extends Omit<typeof unitScores.$inferSelect, 'runId' | 'taskId'> {
  /** The task, if the step covers several. */
  readonly task?: string
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

/** A score of each L, from every item's readings in the order of `layers`. */
export async function scoresByLayer(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  readings: readonly (readonly AnswerMetrics[])[],
  layers: readonly number[],
  setting = '',
): Promise<Score[]> {
  const scores: Score[] = []
  for (const [i, layer] of layers.entries()) {
    const place = { setting, layer, sourceLayer: layer }
    scores.push(await scoreOf(engine, items, scoring, readingsAt(readings, i), place))
  }
  return scores
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
