import Table from 'cli-table3'
import { stringify } from 'csv-stringify/sync'

export const formats = ['table', 'json', 'csv', 'md'] as const
export type Format = (typeof formats)[number]

/** A value of a row: what JSON has, or a blob of SQLite. */
export type Value = string | number | bigint | boolean | null | Uint8Array

export type Row = Readonly<Record<string, Value>>

/**
 * Writes rows one after the other in a format; `columns` are the head, needed where there are no rows. `table` and
 * `md` hold all rows in memory, `json` and `csv` one at a time.
 */
export function writeRows(
  rows: Iterable<Row>,
  columns: readonly string[],
  format: Format,
  write: (text: string) => void,
): void {
  switch (format) {
    case 'json':
      return writeJson(rows, write)
    case 'csv':
      write(stringify([columns]))
      for (const row of rows) write(stringify([columns.map((column) => plain(row[column]))]))
      return
    case 'md':
      write(`| ${columns.join(' | ')} |\n|${columns.map(() => ' --- |').join('')}\n`)
      for (const row of rows)
        write(`| ${columns.map((column) => escapeCell(shown(row[column]))).join(' | ')} |\n`)
      return
    case 'table': {
      const table = new Table({ head: [...columns], style: { head: [], border: [], compact: true } })
      for (const row of rows) table.push(columns.map((column) => shown(row[column])))
      write(`${table.toString()}\n`)
    }
  }
}

function writeJson(rows: Iterable<Row>, write: (text: string) => void): void {
  let separator = '['
  for (const row of rows) {
    write(
      `${separator}${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' || value instanceof Uint8Array ? plain(value) : value))}`,
    )
    separator = ',\n'
  }
  write(separator === '[' ? '[]\n' : ']\n')
}

/** As it stands in JSON and CSV: whole numbers beyond 2^53 as text, blobs in hexadecimal. */
function plain(value: Value | undefined): string | number | boolean | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  // CSV has no booleans of its own; 'false' reads better than an empty field.
  if (typeof value === 'boolean') return String(value)
  return value ?? null
}

function shown(value: Value | undefined): string {
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)))
  return value === null || value === undefined ? '' : String(value).replaceAll('\n', '\\n')
}

function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')
}
