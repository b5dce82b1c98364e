import { statSync } from 'node:fs'
import { TaskvecError } from '../domain/errors.js'
import { shellWord } from '../domain/shell-word.js'
import { utf8Text } from '../system/utf8-text.js'
import { groupRepeated } from './repeated-problems.js'

/** Word lists and items are written by people; larger files are something else. */
const maxFileBytes = 50_000_000

/** What is wrong with one line of a user's file. */
export interface LineProblem {
  readonly line: number
  readonly text: string
  /** What to do about it, unless it is obvious. */
  readonly hint?: string
}

/** Maximum number of problems in a message. */
const mostNamed = 20

/** Errors: CONFIG if there are problems, with the lines of the first twenty kinds. */
export function refuseProblems(file: string, problems: readonly LineProblem[]): void {
  const inOrder = [...problems].sort((a, b) => a.line - b.line)
  const [first] = inOrder
  if (first === undefined) return
  const all = groupRepeated(inOrder.map(({ line, text }) => `${file}:${line}: ${text}`))
  const named = all.slice(0, mostNamed)
  const more = all.length - named.length
  const rest =
    more > 0 ? [`${file}: ${more} more problems; taskvec tasks check ${shellWord(file)} lists all`] : []
  const { hint } = inOrder.find((problem) => problem.hint !== undefined) ?? {}
  throw new TaskvecError('CONFIG', [...named, ...rest].join('\n'), hint === undefined ? {} : { hint })
}

/** Errors: CONFIG if the file is missing, too large or not UTF-8. */
export function readTextFile(file: string): string {
  // No file name has a zero byte; Node would throw a different error.
  const found = file.includes('\0') ? undefined : statSync(file, { throwIfNoEntry: false })
  if (!found?.isFile()) throw new TaskvecError('CONFIG', `${file}: ${found ? 'not a file' : 'no such file'}`)
  if (found.size > maxFileBytes)
    throw new TaskvecError('CONFIG', `${file}: ${found.size} bytes; at most ${maxFileBytes} are read`)
  return utf8Text(file, 'Save it as UTF-8; export a spreadsheet as CSV.')
}
