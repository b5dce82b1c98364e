import type Database from 'better-sqlite3'
import type { Predictions } from '../domain/types.js'
import type { Engine } from '../engine/engine.js'
import type { RunningEngine } from '../experiments/prompts.js'
import type { Problem } from './check.js'

/** For results of the same kind of processor. They should be bitwise equal, but smaller alterations do not matter. */
const tolerance = 1e-4

interface StoredPrediction {
  readonly item: number
  readonly token: number
  readonly text: string
  readonly correct: number
  readonly answer_log_prob: number
  readonly answer_rank: number
  readonly answer_logit_difference: number | null
  /** JSON; null unless answers of several tokens were generated. */
  readonly tokens: string | null
}

/** On another kind of processor: the bound of differences, and how far each stored token's logit is below the highest one here. */
interface Elsewhere {
  readonly bound: number
  readonly gaps: () => Promise<readonly number[]>
}

/** Compares stored with recomputed predictions: differences beyond the bound, and near ties. */
export async function compare(
  stored: readonly StoredPrediction[],
  again: Predictions,
  where: string,
  elsewhere: Elsewhere | null,
) {
  const problems: Problem[] = []
  const nearTies: Problem[] = []
  let identical = 0
  let largest = 0
  const bound = elsewhere?.bound ?? tolerance
  const sameTokens = stored.every(({ item, token }) => token === again.tokens[item])
  const gaps = elsewhere && !sameTokens ? await elsewhere.gaps() : null
  for (const row of stored) {
    const { item } = row
    const now = at(again, item)
    const note = (list: Problem[], what: string, was: unknown, is: unknown, why = '') =>
      list.push({
        where: `${where}, item ${item}`,
        message: `${what} is ${String(was)} in the file, but ${String(is)} when recomputed${why}`,
      })
    const logProb = Math.abs(row.answer_log_prob - now.logProb)
    const difference =
      row.answer_logit_difference === null ? 0 : Math.abs(row.answer_logit_difference - now.difference)
    largest = Math.max(largest, logProb)
    const gap = row.token === now.token ? 0 : (gaps?.[item] ?? Infinity)
    if (gap > 2 * bound) note(problems, 'the token', row.token, now.token)
    else if (!(logProb <= bound)) note(problems, 'the log-probability', row.answer_log_prob, now.logProb)
    else if (!(difference <= (elsewhere ? 2 : 10) * bound))
      note(problems, 'the logit difference', row.answer_logit_difference, now.difference)
    else if (row.token !== now.token)
      note(nearTies, 'the token', row.token, now.token, `; their logits differ by ${gap.toExponential(1)}`)
    else if ((row.tokens ?? null) !== now.tokens)
      note(elsewhere ? nearTies : problems, 'the answer', row.tokens, now.tokens)
    else if (row.text !== now.text)
      note(problems, 'the text', JSON.stringify(row.text), JSON.stringify(now.text))
    else if ((row.correct === 1) !== now.correct) note(problems, 'correct', row.correct === 1, now.correct)
    // Last bits may swap ranks of unlikely tokens, but not if all numbers are equal.
    else if (row.answer_rank !== now.rank && (logProb === 0 || Math.min(row.answer_rank, now.rank) === 1))
      note(problems, 'the rank', row.answer_rank, now.rank)
    else if (logProb === 0 && difference === 0) identical++
  }
  return { predictions: stored.length, identical, largest, problems, nearTies }
}

export function predictionsOf(db: Database.Database, runId: number): StoredPrediction[] {
  const rows = db.prepare('select * from predictions where run_id = ? order by item').all(runId)
  return rows as StoredPrediction[]
}

/** Repeats the pass with each stored token as the answer, to get the gap between its logit and the highest other one. */
export async function gapsTo(
  stored: readonly StoredPrediction[],
  engine: Engine,
  again: (engine: RunningEngine) => Promise<Predictions>,
): Promise<readonly number[]> {
  const asking: RunningEngine = {
    encode: (texts, options) => engine.encode(texts, options),
    decode: (tokens) => engine.decode(tokens),
    decodeAll: (sequences) => engine.decodeAll(sequences),
    evaluate({ items, ...request }, options) {
      const asked = items.map(({ answerTokens: _, ...item }, i) => ({
        ...item,
        answerToken: stored[i]?.token ?? item.answerToken,
      }))
      return engine.evaluate({ ...request, items: asked }, options)
    },
  }
  return (await again(asking)).answerLogitDifferences.map((difference) => -difference)
}

function at(predictions: Predictions, item: number) {
  return {
    token: predictions.tokens[item] as number,
    text: predictions.texts[item] as string,
    tokens: predictions.whole ? JSON.stringify(predictions.whole.tokens[item]) : null,
    correct: predictions.correct[item] as boolean,
    logProb: predictions.answerLogProbs[item] as number,
    rank: predictions.answerRanks[item] as number,
    difference: predictions.answerLogitDifferences[item] as number,
  }
}
