import { TaskvecError } from '../domain/errors.js'
import type { PreparedTask, Pair, PromptFormat, PromptTemplate, Protocol } from '../domain/types.js'
import { formatOf } from '../prompt/templates.js'
import {
  chooseReading,
  markSingleTokens,
  written,
  writablePairs,
  type Encoder,
  type SingleTokenMarks,
} from './single-token.js'
import type { ListTask } from './task.js'

/** Fewer pairs produce a warning, since items repeat often and few words carry the result (docs/protocol.md, Single-token outputs). */
const fewPairs = 70
/** So does a smaller share of a list, since the rest may be another kind of word. */
const leastShare = 0.2

/** Which pairs of a list a tokenizer can use: '1' if so. Lists that are cut give theirs piece by piece. */
export interface PairMarks extends SingleTokenMarks {
  readonly writable: string
  /** Under each prompt of the pairing, if there are several. */
  readonly paired?: readonly PairMarks[]
  /** The protocol's prompt, if it comes from the model. */
  readonly prompt?: PromptTemplate
}

/** Under the protocol's prompt, and those that its items are paired with. */
export async function markPairs(
  pairs: readonly Pair[],
  singleToken: boolean,
  encoder: Encoder,
  { prompt, paired }: Pick<Protocol, 'prompt' | 'paired'> = {},
): Promise<PairMarks> {
  const own = await marksUnder(formatOf(prompt), pairs, singleToken, encoder)
  const prompts = paired?.prompts ?? []
  if (prompts.length < 2) return own
  const all: PairMarks[] = []
  for (const each of prompts) all.push(await marksUnder(formatOf(each), pairs, singleToken, encoder))
  return { ...own, paired: all }
}

async function marksUnder(
  prompt: PromptFormat | undefined,
  pairs: readonly Pair[],
  singleToken: boolean,
  encoder: Encoder,
): Promise<PairMarks> {
  const writable = new Set(await writablePairs(pairs, encoder, prompt))
  return {
    writable: pairs.map((pair) => (writable.has(pair) ? '1' : '0')).join(''),
    ...(singleToken ? await markSingleTokens(pairs, encoder, prompt) : { leadingSpace: '', noSpace: '' }),
  }
}

/** The marks of a list that was cut, piece by piece. */
export function joinedMarks(slices: readonly PairMarks[]): PairMarks {
  const joined = (of: readonly PairMarks[]) => ({
    writable: of.map(({ writable }) => writable).join(''),
    leadingSpace: of.map(({ leadingSpace }) => leadingSpace).join(''),
    noSpace: of.map(({ noSpace }) => noSpace).join(''),
  })
  const paired = slices[0]?.paired
  if (!paired) return joined(slices)
  return {
    ...joined(slices),
    paired: paired.map((_, prompt) => joined(slices.flatMap((slice) => slice.paired?.[prompt] ?? []))),
  }
}

export interface ReadList extends Pick<PreparedTask, 'reading' | 'warnings'> {
  readonly pairs: readonly Pair[]
  /** The same pairs as written by the pairing's first prompt, if there is one. */
  readonly drawnAs?: readonly Pair[]
}

/**
 * The pairs that a model can use, in the reading that keeps enough of them, and warnings if they are few. Paired
 * prompts all keep the same pairs, each in its own reading.
 */
export function readList(task: ListTask, marks: PairMarks): ReadList {
  const list = readMarked(task, marks)
  const hasDev = (pairs: readonly Pair[]) => pairs.some(({ split }) => split === 'dev')
  if (!hasDev(task.pairs) || hasDev(list.pairs)) return list
  const none = `${task.id}: no pairs of the split "dev" are left, so the best L is chosen on queries from train`
  return { ...list, warnings: [...list.warnings, none] }
}

function readMarked(task: ListTask, marks: PairMarks): ReadList {
  const own = readUnder(task, marks)
  const [first, ...others] = (marks.paired ?? []).map((each) => readUnder(task, each))
  if (!first) return own
  const kept = [own, first, ...others].reduce(
    (all, { kept }) => all.filter((i) => kept.has(i)),
    task.pairs.map((_, i) => i),
  )
  const by = ({ reading }: ReadList) => kept.map((i) => written(task.pairs[i] as Pair, reading))
  const left = own.kept.size - kept.length
  const unusable = `${task.id}: ${left} of ${task.pairs.length} pairs are left out, as not every prompt of the sweep can use them`
  return {
    reading: own.reading,
    pairs: by(own),
    drawnAs: by(first),
    warnings: [...own.warnings, ...(left > 0 ? [unusable] : [])],
  }
}

/** `kept`: which of the task's pairs. */
function readUnder(task: ListTask, marks: PairMarks): ReadList & { readonly kept: ReadonlySet<number> } {
  const indices = (of: string) => new Set(task.pairs.flatMap((_, i) => (of[i] === '1' ? [i] : [])))
  const writable = task.pairs.filter((_, i) => marks.writable[i] === '1')
  const unknown =
    writable.length < task.pairs.length
      ? [
          `${task.id}: ${task.pairs.length - writable.length} of ${task.pairs.length} pairs have a word that this ` +
            `model's tokenizer can only write as its unknown token; ${writable.length} are left`,
        ]
      : []
  if (!task.singleToken)
    return {
      reading: 'as-written',
      pairs: writable,
      warnings: isLoss(writable.length, task.pairs.length) ? unknown : [],
      kept: indices(marks.writable),
    }

  const { reading, pairs, kept } = chooseReading(task.pairs, marks)
  const few = pairs.length < fewPairs ? `at least ${fewPairs} are advised` : ''
  const share = Number(((100 * pairs.length) / task.pairs.length).toPrecision(2))
  const warning =
    pairs.length === task.pairs.length
      ? `${task.id}: the list has ${pairs.length} pairs; ${few}`
      : `${task.id}: kept ${pairs.length} of ${task.pairs.length} pairs (${share} %): answers of one token in this model's tokenizer only ` +
        `(with a leading space ${kept.leadingSpace}, without ${kept.noSpace})${few && `; ${few}`}`
  // If unknown words alone explain the loss, one warning says so.
  const lost = pairs.length === writable.length && unknown.length > 0 ? unknown : [...unknown, warning]
  return {
    reading,
    pairs,
    warnings: isLoss(pairs.length, task.pairs.length) ? lost : [],
    kept: indices(reading === 'leading-space' ? marks.leadingSpace : marks.noSpace),
  }
}

/** Whether a filter left so little that a warning is due: few pairs, or a small share of the list. */
function isLoss(kept: number, of: number): boolean {
  return kept < fewPairs || kept < leastShare * of
}

/** If too few pairs are left, the error explains why. */
export function explained<T>(warnings: readonly string[], draw: () => T): T {
  try {
    return draw()
  } catch (error) {
    if (!(error instanceof TaskvecError) || warnings.length === 0) throw error
    throw new TaskvecError('TASK', [error.message, ...warnings].join('\n'), {
      hint: `${error.hint ?? ''} A list of your own with scoring: prefix is not filtered.`.trim(),
    })
  }
}

/** How many answers begin with part of a character. */
export function partialWarning(id: string, partial: number, answers: number): string {
  return (
    `${id}: ${partial} of ${answers} answers begin with a token that is part of a character in this model's ` +
    "tokenizer. Its text cannot be compared, so such a prediction is right if it is the answer's first token " +
    '(rank 1); scoring: first-token judges all answers so'
  )
}
