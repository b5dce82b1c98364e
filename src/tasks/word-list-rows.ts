import type { LineProblem } from './text-file.js'

/** One entry as found in a file: x, y and further accepted answers. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
  /** The value in its column of splits, if the config names one. */
  readonly split?: string
}

/** The rows of a file, and what is wrong with the other lines. */
export interface Rows {
  readonly rows: readonly Row[]
  readonly problems: readonly LineProblem[]
  /** Notes for the user on how it was read. */
  readonly notes: readonly string[]
}
