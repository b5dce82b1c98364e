import { TaskvecError } from '../domain/errors.js'
import type { PreparedTask, Pair } from '../domain/types.js'
import {
  chooseReading,
  markSingleTokens,
  writablePairs,
  type Encoder,
  type SingleTokenMarks,
} from './single-token.js'
import type { ListTask } from './task.js'

/** Fewer pairs produce a warning, since items repeat often and few words carry the result (docs/protocol.md, Single-token outputs). */
const fewPairs = 70

/** What a tokenizer makes of each pair of a list: '1' where it can be used so. Lists that are cut give theirs piece by piece. */
export interface PairMarks extends SingleTokenMarks {
  readonly writable: string
}

export async function markPairs(
  pairs: readonly Pair[],
  singleToken: boolean,
  encoder: Encoder,
): Promise<PairMarks> {
  const writable = new Set(await writablePairs(pairs, encoder))
  return {
    writable: pairs.map((pair) => (writable.has(pair) ? '1' : '0')).join(''),
    ...(singleToken ? await markSingleTokens(pairs, encoder) : { leadingSpace: '', noSpace: '' }),
  }
}

/** The pairs that a model can use, in the reading that keeps enough of them, and warnings where they are few. */
export function readList(
  task: ListTask,
  marks: PairMarks,
): Pick<PreparedTask, 'reading' | 'warnings'> & { pairs: ListTask['pairs'] } {
  const writable = task.pairs.filter((_, i) => marks.writable[i] === '1')
  const unknown =
    writable.length < task.pairs.length
      ? [
          `${task.id}: ${task.pairs.length - writable.length} of ${task.pairs.length} pairs have a word that this ` +
            `model's tokenizer can only write as its unknown token; ${writable.length} are left`,
        ]
      : []
  if (!task.singleToken)
    return { reading: 'as-written', pairs: writable, warnings: writable.length < fewPairs ? unknown : [] }

  const { reading, pairs, kept } = chooseReading(task.pairs, marks)
  const warning =
    `${task.id}: only ${pairs.length} of ${task.pairs.length} pairs have a one-token answer in this model's ` +
    `tokenizer (with a leading space ${kept.leadingSpace}, without ${kept.noSpace}); at least ${fewPairs} are advised`
  return { reading, pairs, warnings: pairs.length < fewPairs ? [...unknown, warning] : [] }
}

/** Where too few pairs are left, says why they are so few. */
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

/** So many answers begin with part of a character. */
export function partialWarning(id: string, partial: number, answers: number): string {
  return (
    `${id}: ${partial} of ${answers} answers begin with a token that is part of a character in this model's ` +
    "tokenizer. Its text can't be compared, so such a prediction is right where it is the answer's first token " +
    '(rank 1); scoring: first-token judges all answers so'
  )
}
