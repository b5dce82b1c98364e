import type { Item, Predictions, ScoringRule } from '../domain/types.js'
import type { Engine } from '../engine/engine.js'
import { answerGap, answeredPrompt, formatPrompt, specialOf } from '../prompt/format.js'
import { isPartOfCharacter } from '../tasks/first-token.js'
import { graded, isCorrect, scoreOf } from '../tasks/scoring.js'

type Asked = Pick<Item, 'query' | 'answer' | 'accept' | 'prompt'>

/**
 * Whether the text generated for each item is right (docs/datasets.md, Scoring) and, under a graded rule, its score. `tokens` are
 * the first tokens of the texts. Text decides, except under `first-token`, and
 * under `prefix` where a token is part of a character: in which case it is right if an answer begins with that token.
 */
export async function judge(
  engine: Pick<Engine, 'encode'>,
  items: readonly Asked[],
  scoring: ScoringRule,
  tokens: readonly number[],
  texts: readonly string[],
): Promise<Pick<Predictions, 'correct' | 'scores'>> {
  const byToken = items.map((_, i) => decidedByToken(scoring, texts[i] ?? ''))
  const firsts = await firstTokens(
    engine,
    items.filter((_, i) => byToken[i]),
  )
  let next = 0
  const judged = items.map(({ answer, accept }, i) => ({
    scoring,
    prediction: texts[i] ?? '',
    answer,
    accept,
  }))
  return {
    correct: judged.map((one, i) =>
      byToken[i] ? (firsts[next++] as ReadonlySet<number>).has(tokens[i] as number) : isCorrect(one),
    ),
    ...(graded(scoring) ? { scores: judged.map(scoreOf) } : {}),
  }
}

/** Whether the token itself, not its text, decides. */
export function decidedByToken(scoring: ScoringRule, text: string): boolean {
  return scoring === 'first-token' || (scoring === 'prefix' && isPartOfCharacter(text))
}

/** The tokens that the accepted answers of each item begin with, after its query's prompt. */
async function firstTokens(engine: Pick<Engine, 'encode'>, items: readonly Asked[]): Promise<Set<number>[]> {
  if (items.length === 0) return []
  const answers = items.map(({ answer, accept }) => [answer, ...accept])
  const special = specialOf(items[0]?.prompt)
  const bare = await engine.encode(
    items.map(({ query, prompt }) => formatPrompt([], query, prompt)),
    special,
  )
  const answered = await engine.encode(
    items.flatMap((item, i) => (answers[i] ?? []).map((answer) => answeredPrompt(item, answer))),
    special,
  )
  const alone = await engine.encode(
    items.flatMap(({ prompt }, i) => (answers[i] ?? []).map((answer) => answerGap(prompt) + answer)),
    { special: false },
  )
  let next = 0
  return items.map((_, i) => {
    const found = (answers[i] ?? []).map(() => {
      const at = next++
      return answerTokens(bare[i] ?? [], answered[at] ?? [], alone[at] ?? [])[0] ?? 0
    })
    return new Set(found)
  })
}

/** The tokens that follow the prompt; if prompt and answer merge, the answer's own tokens. */
export function answerTokens(
  bare: readonly number[],
  answered: readonly number[],
  alone: readonly number[],
): readonly number[] {
  const continues = answered.length > bare.length && bare.every((token, i) => answered[i] === token)
  return continues ? answered.slice(bare.length) : alone
}
