import type { WordListFile } from '../../src/tasks/lists.js'

export interface Entry {
  readonly input: string
  readonly answer: string
  /** Further accepted answers, for scoring only. */
  readonly accept: readonly string[]
}

/** A generator's output; all share corrections, sorting and writing (write.ts). */
export interface GeneratedList extends Omit<WordListFile, 'entries'> {
  readonly entries: readonly Entry[]
  /** Sorting key of an input: lowest first, that is, the most frequent words by the source that `about` names. */
  readonly rank: (entry: Entry) => number
}

/** An entry whose accepted answers exclude the answer itself and repetitions. */
export function entry(input: string, answer: string, accept: Iterable<string> = []): Entry {
  return { input, answer, accept: [...new Set(accept)].filter((text) => text !== answer) }
}
