import { byPosition, type Row } from '../report/formats.js'
import { latexLayout } from '../report/latex.js'

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
  const { head, row, tail } = latexLayout(keys, { titles: Object.values(columns), align })
  return head + Array.from(byPosition(rows, keys), row).join('') + tail
}

export function share(value: number): string {
  return value.toFixed(2)
}
