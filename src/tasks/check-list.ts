import type { Pair, ScoringRule } from '../domain/types.js'
import { isCorrect } from './scoring.js'

/** Checks of a list before it is run. */
export interface ListReport {
  readonly pairs: number
  /** The most frequent answer and its share: the accuracy of always giving it, without learning the task. */
  readonly majority: { readonly answer: string; readonly share: number }
  /** Pairs whose input, repeated as the answer, would count as right. */
  readonly copies: readonly Pair[]
  /** Inputs with more than one accepted answer. */
  readonly ambiguous: number
  /** Problems. */
  readonly problems: readonly ListProblem[]
  /** Possible problems. */
  readonly warnings: readonly ListProblem[]
}

export interface ListProblem {
  /** Index of the pair; null: of the whole list. */
  readonly pair: number | null
  readonly text: string
}

/** Options for one list. */
export interface ListAims {
  readonly pairs?: number
  /** The largest share that one answer may have. */
  readonly share?: number
}

/** With more copies than this share, the list rewards repeating the input. */
const mostCopies = 0.05
/** Share of answers that are the beginning of their input: above it, that is the list's rule (cats -> cat); below it, an accident. */
const accident = 0.1

export function checkList(pairs: readonly Pair[], scoring: ScoringRule, aims: ListAims = {}): ListReport {
  const counts = new Map<string, number>()
  for (const { output } of pairs) counts.set(output, (counts.get(output) ?? 0) + 1)
  const [answer = '', count = 0] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  const majority = { answer, share: count / Math.max(1, pairs.length) }
  const copies = pairs.filter(({ input, output, accept }) =>
    isCorrect({ scoring, prediction: input, answer: output, accept }),
  )
  const ofPairs = pairs.flatMap((pair, index) =>
    problemsOf(pair, scoring).map((text) => ({ pair: index, text })),
  )
  const ofList: string[] = []
  if (copies.length > mostCopies * pairs.length)
    ofList.push(
      `${copies.length} of ${pairs.length} answers are copies of their input; at most 5% are advised`,
    )
  if (majority.share > (aims.share ?? 1))
    ofList.push(
      `${percent(majority.share)} of the answers are "${answer}"; at most ${percent(aims.share ?? 1)} may be`,
    )
  return {
    pairs: pairs.length,
    majority,
    copies,
    ambiguous: pairs.filter(({ accept }) => accept.length > 0).length,
    problems: [...ofPairs, ...repeats(pairs), ...ofList.map(ofAll)],
    warnings: [
      ...beginnings(pairs),
      ...(pairs.length < (aims.pairs ?? 0)
        ? [ofAll(`${pairs.length} pairs; the aim is at least ${aims.pairs ?? 0}`)]
        : []),
    ],
  }
}

function ofAll(text: string): ListProblem {
  return { pair: null, text }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`
}

function problemsOf({ input, output, accept }: Pair, scoring: ScoringRule): string[] {
  const problems: string[] = []
  for (const text of [input, output, ...accept]) {
    if (text !== text.normalize('NFC')) problems.push(`"${text}" is not in Unicode's composed form (NFC)`)
    if (text !== text.trim() || text === '') problems.push(`"${text}" is blank or has spaces around it`)
    if (text.includes('->') || text.includes('\n'))
      problems.push(`${JSON.stringify(text)} has a part of the prompt's format in it`)
  }
  if (scoring === 'exact' && /\s/.test(output))
    problems.push(
      `the answer "${output}" is several words, but only one token is generated, so it cannot be given`,
    )
  if (new Set([output, ...accept]).size <= accept.length)
    problems.push(`an answer of "${input}" is given twice`)
  return problems
}

function repeats(pairs: readonly Pair[]): ListProblem[] {
  const first = new Map<string, Pair>()
  return pairs.flatMap((pair, index) => {
    const earlier = first.get(pair.input)
    if (!earlier) first.set(pair.input, pair)
    else if (earlier.output === pair.output)
      return [{ pair: index, text: `"${pair.input}" -> "${pair.output}" is given twice` }]
    else
      return [
        {
          pair: index,
          text: `"${pair.input}" is given twice, as "${earlier.output}" and as "${pair.output}"`,
        },
      ]
    return []
  })
}

function beginnings(pairs: readonly Pair[]): ListProblem[] {
  const found = pairs.flatMap(({ input, output }, pair) =>
    output !== input && output !== '' && input.startsWith(output)
      ? [{ pair, text: `the answer "${output}" is the beginning of its input "${input}"` }]
      : [],
  )
  return found.length > accident * pairs.length ? [] : found
}

/** Inputs of `pairs` that one of the other lists has with other answers: the demonstrations alone tell the tasks apart. */
export function sharedInputs(pairs: readonly Pair[], others: readonly (readonly Pair[])[]): number {
  const answers = new Map<string, Set<string>>()
  for (const { input, output } of others.flat())
    answers.set(input, (answers.get(input) ?? new Set()).add(output))
  return pairs.filter(({ input, output, accept }) =>
    [...(answers.get(input) ?? [])].some((other) => other !== output && !accept.includes(other)),
  ).length
}
