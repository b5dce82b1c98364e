import type { Table } from '../figures/table.js'
import { byPosition } from './formats.js'
import { latexLayout } from './latex.js'

export function tableLatex({ columns, rows, shown = rows, align }: Table): string {
  const keys = Object.keys(columns)
  const { head, row, tail } = latexLayout(keys, { titles: Object.values(columns), align })
  return head + Array.from(byPosition(shown, keys), row).join('') + tail
}
