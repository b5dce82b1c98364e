import { indented } from '../domain/errors.js'
import type { Pair, PromptFormat, ScoringRule } from '../domain/types.js'
import { boundaryWarning, mergingAnswers } from '../tasks/boundary.js'
import { checkList, sharedInputs, type ListProblem } from '../tasks/check-list.js'
import { firstTokenShare, floorsOf } from '../tasks/floors.js'
import { listAims } from '../tasks/list-aims.js'
import { singleTokenReading, writablePairs, written } from '../tasks/single-token.js'
import { beginningsOf } from '../tasks/first-token.js'
import type { LineProblem } from '../tasks/text-file.js'
import type { NamedTokenizer } from './named-tokenizers.js'

/** A built-in list, or a user's. */
export interface CheckedList {
  readonly id: string
  readonly pairs: readonly Pair[]
  readonly scoring: ScoringRule
  /** Of a generated task: the number of its distinct inputs, from which `pairs` are drawn. */
  readonly drawnFrom?: number
  /** Names pair i in messages: file and line, or its input. */
  readonly where: (index: number) => string
  /** Line of pair i in the user's file. */
  readonly lineOf?: (index: number) => number
  /** Of a user's file: problems that a sweep would refuse, and notes on how the file is read. */
  readonly own?: { readonly problems: readonly LineProblem[]; readonly notes: readonly string[] }
}

/** Problems, warnings and statistics of a list, and what each tokenizer keeps of it. */
export async function checkOne(
  list: CheckedList,
  builtin: readonly CheckedList[],
  tokenizers: readonly NamedTokenizer[],
  prompt: PromptFormat | undefined,
) {
  const { id, pairs, scoring, where } = list
  const report = checkList(pairs, scoring, listAims[id])
  const others = builtin.filter((other) => other.id !== id).map((other) => other.pairs)
  const survivors = []
  const unknown: string[] = []
  const answers = pairs.map(({ output }) => output)
  for (const { name, encoder } of tokenizers) {
    const { reading, kept } = await singleTokenReading(pairs, encoder, prompt)
    const writable = (await writablePairs(pairs, encoder, prompt)).length
    const { whole, partial } = await beginningsOf(answers, encoder, prompt)
    const merging = await mergingAnswers(
      encoder,
      pairs.map((pair) => {
        const { input: query, output: answer } = scoring === 'exact' ? written(pair, reading) : pair
        return { query, answer, ...(prompt ? { prompt } : {}) }
      }),
    )
    survivors.push({
      tokenizer: name,
      writable,
      ...kept,
      reading,
      wholeAnswers: whole,
      partialAnswers: partial,
      mergingAnswers: merging,
      firstToken: await firstTokenShare(pairs, scoring, encoder),
    })
    if (partial > 0 && scoring !== 'first-token')
      unknown.push(
        `${id}: ${partial} of ${pairs.length} answers begin with a token that is part of a character in the tokenizer of ` +
          `${name}: ${scoring === 'exact' ? 'they are never right under exact' : 'they are judged by that token'}; see --scoring first-token`,
      )
    if (merging > 0) unknown.push(`${name}: ${boundaryWarning(id, merging, pairs.length)}`)
    if (writable < pairs.length)
      unknown.push(
        `${id}: ${pairs.length - writable} of ${pairs.length} pairs have a word that the tokenizer of ${name} can only ` +
          'write as its unknown token',
      )
  }
  const say = ({ pair, text }: ListProblem) => `${pair === null ? id : where(pair)}: ${text}`
  return {
    id,
    scoring,
    ...report,
    drawnFrom: list.drawnFrom ?? null,
    copies: report.copies.length,
    floors: floorsOf(pairs, scoring, report.majority.answer),
    sharedInputs: sharedInputs(pairs, others),
    tokenizers: survivors,
    problems: inOrderOfLines(list, list.own ? [] : report.problems),
    warnings: [
      ...(list.own?.notes ?? []),
      ...(list.own ? inOrderOfLines({ ...list, own: undefined }, report.problems) : []),
      ...report.warnings.map(say),
      ...unknown,
    ],
  }
}

/** Problems of lines and pairs in file order, then those of the whole list. */
function inOrderOfLines(
  { id, where, lineOf, own }: Omit<CheckedList, 'own'> & { readonly own?: CheckedList['own'] | undefined },
  problems: readonly ListProblem[],
): string[] {
  const located = problems.map(({ pair, text }) => ({
    line: pair === null ? Infinity : (lineOf?.(pair) ?? pair),
    text: `${pair === null ? id : where(pair)}: ${text}`,
  }))
  const broken = (own?.problems ?? []).map(({ line, text, hint }) => ({
    line,
    text: `${id}:${line}: ${text}${hint?.includes('columns:') ? `\n${indented(hint)}` : ''}`,
  }))
  return [...broken, ...located]
    .sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : 0))
    .map(({ text }) => text)
}

export type Checked = Awaited<ReturnType<typeof checkOne>>
