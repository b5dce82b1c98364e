import type { Category, ScoringRule } from '../../src/domain/types.js'
import type { Source } from '../../src/tasks/task.js'

export interface Entry {
  readonly input: string
  readonly answer: string
  /** Further right answers, for scoring only. */
  readonly accept: readonly string[]
}

/** What a generator gives; corrections, sorting and writing are the same for all (write.ts). */
export interface GeneratedList {
  readonly task: string
  readonly category: Category
  readonly scoring: ScoringRule
  /** What the list says, and what it doesn't. */
  readonly about: string
  /** Date of the facts, YYYY-MM-DD. */
  readonly date: string
  readonly sources: readonly Source[]
  readonly entries: readonly Entry[]
  /** Sorting key of an input: the lowest stands first, the most frequent words by the source that `about` names. */
  readonly rank: (entry: Entry) => number
}

/** An entry without its answer, or anything twice, among the accepted ones. */
export function entry(input: string, answer: string, accept: Iterable<string> = []): Entry {
  return { input, answer, accept: [...new Set(accept)].filter((text) => text !== answer) }
}
