import type { Pair, Scoring } from '../domain/types.js'
import { isCorrect } from './scoring.js'

/** What there is to know of a list before it is run. */
export interface ListReport {
  readonly pairs: number
  /** The most frequent answer and its share: always giving it would be right that often, with no task learnt. */
  readonly majority: { readonly answer: string; readonly share: number }
  /** Pairs whose input, repeated as the answer, would count as right. */
  readonly copies: readonly Pair[]
  /** Inputs with more than one accepted answer. */
  readonly ambiguous: number
  readonly problems: readonly Problem[]
}

export interface Problem {
  /** Index of the pair. */
  readonly pair: number
  readonly text: string
}

/** More copies than this share make a list that asks for repeating its input. */
export const mostCopies = 0.05

export function checkList(pairs: readonly Pair[], scoring: Scoring): ListReport {
  const counts = new Map<string, number>()
  for (const { output } of pairs) counts.set(output, (counts.get(output) ?? 0) + 1)
  const [answer = '', count = 0] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  return {
    pairs: pairs.length,
    majority: { answer, share: count / Math.max(1, pairs.length) },
    copies: pairs.filter(({ input, output, accept }) =>
      isCorrect({ scoring, prediction: input, answer: output, accept }),
    ),
    ambiguous: pairs.filter(({ accept }) => accept.length > 0).length,
    problems: pairs.flatMap((pair, index) =>
      problemsOf(pair, scoring).map((text) => ({ pair: index, text })),
    ),
  }
}

function problemsOf({ input, output, accept }: Pair, scoring: Scoring): string[] {
  const problems: string[] = []
  for (const text of [input, output, ...accept]) {
    if (text !== text.normalize('NFC')) problems.push(`"${text}" isn't in Unicode's composed form (NFC)`)
    if (text !== text.trim() || text === '') problems.push(`"${text}" is blank or has spaces around it`)
    if (text.includes('->') || text.includes('\n'))
      problems.push(`"${text}" has a part of the prompt's format in it`)
  }
  if (scoring === 'exact' && /\s/.test(output))
    problems.push(`the answer "${output}" is several words; one token is generated, so it can't be given`)
  if (new Set([output, ...accept]).size <= accept.length)
    problems.push(`an answer of "${input}" is given twice`)
  return problems
}
