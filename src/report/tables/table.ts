import { byPosition, type Row } from '../formats.js'
import { latexLines } from '../latex.js'

/** One table of the report, with the paper's layout where it has one. Also written as CSV and as LaTeX. */
export interface Table {
  /** File name without ending. */
  readonly id: string
  readonly title: string
  readonly caption: string
  /** Keys of the rows, in order, and their titles. */
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
  /** LaTeX column specification. */
  readonly align: string
}

export function tableLatex({ columns, rows, align }: Table): string {
  const keys = Object.keys(columns)
  return [...latexLines(keys, byPosition(rows, keys), { titles: Object.values(columns), align })].join('')
}

export function share(value: number): string {
  return value.toFixed(2)
}
