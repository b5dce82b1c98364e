import { csvCell, jsonCell, rowOf, visibleCell } from './cells.js'
import type { Value, Values } from '../figures/table.js'
import type { TextFormat, TextLayout } from './text-format.js'
import { latexLayout } from './latex.js'

/** Rows of a terminal table that its columns' widths are taken from. */
export const measuredRows = 500

/** `first`: the first rows of the table, `measuredRows` at most, which only the terminal's table needs. */
export function textLayout(
  format: TextFormat,
  columns: readonly string[],
  first: readonly Values[],
): TextLayout {
  return layouts[format](columns, first)
}

const layouts: Record<TextFormat, (columns: readonly string[], first: readonly Values[]) => TextLayout> = {
  json(columns) {
    const names = columns.map((column, i) => `${i === 0 ? '{' : ','}${JSON.stringify(column)}:`)
    const cell = jsonCell()
    const cells = rowOf(columns.length, (value, i) => (names[i] as string) + cell(value))
    return { head: '[', row: (row) => `${cells(row)}}`, separator: ',\n', tail: ']\n' }
  },

  csv(columns) {
    const cell = csvCell()
    const cells = rowOf(columns.length, (value, i) => (i === 0 ? cell(value) : `,${cell(value)}`))
    return lines(`${columns.map(cell).join(',')}\n`, (row) => `${cells(row)}\n`)
  },

  md(columns) {
    const cell = visibleCell((text) => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|'))
    const cells = rowOf(columns.length, (value) => `| ${cell(value)} `)
    const head = `| ${columns.join(' | ')} |\n|${columns.map(() => ' --- |').join('')}\n`
    return lines(head, (row) => `${cells(row)}|\n`)
  },

  table(columns, first) {
    const cell = visibleCell()
    const numeric = columns.map((_, i) => first.every((row) => isNumber(row[i])))
    const widths = columns.map((column, i) =>
      first.reduce((width, row) => Math.max(width, cell(row[i]).length), column.length),
    )
    const line = (cells: readonly string[]) =>
      `${cells
        .map((cell, i) =>
          numeric[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number),
        )
        .join('  ')
        .trimEnd()}\n`
    const head = line(columns) + `${widths.map((width) => '─'.repeat(width)).join('  ')}\n`
    return lines(head, (row) => line(row.map(cell)))
  },

  latex: (columns) => latexLayout(columns),
}

function lines(head: string, row: TextLayout['row']): TextLayout {
  return { head, row, separator: '', tail: '' }
}

function isNumber(value: Value | undefined): boolean {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'bigint'
}
