import type { Category, ScoringRule } from '../../src/domain/types.js'
import type { Source } from '../../src/tasks/task.js'

export interface Entry {
  readonly input: string
  readonly answer: string
  /** Further accepted answers, for scoring only. */
  readonly accept: readonly string[]
}

/** A generator's output; all share corrections, sorting and writing (write.ts). */
export interface GeneratedList {
  readonly task: string
  readonly category: Category
  readonly scoring: ScoringRule
  /** What the list covers and what it does not. */
  readonly about: string
  /** Date of the facts, YYYY-MM-DD. */
  readonly date: string
  readonly sources: readonly Source[]
  readonly entries: readonly Entry[]
  /** Sorting key of an input: lowest first, that is, the most frequent words by the source that `about` names. */
  readonly rank: (entry: Entry) => number
}

/** An entry whose accepted answers exclude the answer itself and repetitions. */
export function entry(input: string, answer: string, accept: Iterable<string> = []): Entry {
  return { input, answer, accept: [...new Set(accept)].filter((text) => text !== answer) }
}
