import { csvCell, jsonCell, visible } from './cells.js'
import type { Value, Values } from '../figures/table.js'
import type { TextFormat, TextLayout } from './text-format.js'
import { latexLayout } from './latex.js'

/** The number of rows from which a terminal table takes its columns' widths. */
export const measuredRows = 500

/** `first`: the first rows of the table, at most `measuredRows`; only the terminal's table needs them. */
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
    const row = (values: Values) => `${names.map((name, i) => name + jsonCell(values[i])).join('')}}`
    return { head: '[', row, separator: ',\n', tail: ']\n' }
  },

  csv(columns) {
    const row = (values: Values) => `${values.map(csvCell).join(',')}\n`
    return { ...lines, head: row(columns), row }
  },

  md(columns) {
    const cell = (value: Value) => visible(value).replaceAll('\\', '\\\\').replaceAll('|', '\\|')
    const head = `| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n`
    return { ...lines, head, row: (values) => `| ${values.map(cell).join(' | ')} |\n` }
  },

  table(columns, first) {
    const numeric = columns.map((_, i) => first.every((row) => isNumber(row[i])))
    const widths = columns.map((column, i) =>
      first.reduce((width, row) => Math.max(width, visible(row[i]).length), column.length),
    )
    const line = (cells: readonly string[]) =>
      `${cells
        .map((cell, i) =>
          numeric[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number),
        )
        .join('  ')
        .trimEnd()}\n`
    const head = line(columns) + `${widths.map((width) => '─'.repeat(width)).join('  ')}\n`
    return { ...lines, head, row: (values) => line(values.map(visible)) }
  },

  latex: (columns) => latexLayout(columns),
}

const lines = { separator: '', tail: '' }

function isNumber(value: Value | undefined): boolean {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'bigint'
}
