import type { LineProblem } from './text-file.js'

/** One entry as found in a file: x, y and further accepted answers. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
  /** What its column of splits says, where the config names one. */
  readonly split?: string
}

/** What the rows of a file are, and what is wrong with those that are none. */
export interface Rows {
  readonly rows: readonly Row[]
  readonly problems: readonly LineProblem[]
  /** What its user should know of how it was read. */
  readonly notes: readonly string[]
}
