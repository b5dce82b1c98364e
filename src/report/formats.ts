import { fileWriter, parquetWriteRows } from 'hyparquet-writer'
import { latexTable } from './latex.js'

export const formats = ['table', 'json', 'csv', 'md', 'latex', 'parquet'] as const
export type Format = (typeof formats)[number]
export const textFormats = formats.filter((format) => format !== 'parquet')
export type TextFormat = (typeof textFormats)[number]

/** A value of a row: what JSON has, or a blob of SQLite. */
export type Value = string | number | bigint | boolean | null | Uint8Array

export type Row = Readonly<Record<string, Value>>

/** Bytes gathered before they are written. */
const chunk = 1 << 16
/** Rows of a terminal table that its columns' widths are taken from. */
const measuredRows = 500

/**
 * Writes rows one after the other in a format; `columns` are the head, needed where there are no rows. No format but
 * `latex` holds all rows in memory. CSV and the terminal's table are written here: libraries take whole tables, or
 * microseconds a field.
 */
export function writeRows(
  rows: Iterable<Row>,
  columns: readonly string[],
  format: TextFormat,
  write: (text: string) => void,
): void {
  if (format === 'latex') return write(latexTable(columns, rows))
  let gathered = ''
  for (const line of lines[format](rows, columns)) {
    gathered += line
    if (gathered.length < chunk) continue
    write(gathered)
    gathered = ''
  }
  write(gathered)
}

/** One Parquet file, row group by row group. `types` by column; other columns are text. */
export function writeParquet(
  rows: Iterable<Row>,
  columns: readonly string[],
  types: Readonly<Record<string, 'STRING' | 'INT32' | 'DOUBLE' | 'BOOLEAN'>>,
  file: string,
): void {
  void parquetWriteRows({
    writer: fileWriter(file),
    rows,
    columns: columns.map((name) => ({ name, type: types[name] ?? 'STRING' })),
    createdBy: 'taskvec',
  })
}

const lines = {
  *json(rows: Iterable<Row>): Generator<string> {
    let separator = '['
    for (const row of rows) {
      yield `${separator}${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' || value instanceof Uint8Array ? plain(value) : value))}`
      separator = ',\n'
    }
    yield separator === '[' ? '[]\n' : ']\n'
  },

  *csv(rows: Iterable<Row>, columns: readonly string[]): Generator<string> {
    yield `${columns.map(field).join(',')}\n`
    for (const row of rows) yield `${columns.map((column) => field(row[column])).join(',')}\n`
  },

  *md(rows: Iterable<Row>, columns: readonly string[]): Generator<string> {
    yield `| ${columns.join(' | ')} |\n|${columns.map(() => ' --- |').join('')}\n`
    for (const row of rows)
      yield `| ${columns.map((column) => escapeCell(visible(row[column]))).join(' | ')} |\n`
  },

  *table(rows: Iterable<Row>, columns: readonly string[]): Generator<string> {
    const first: Row[] = []
    const iterator = rows[Symbol.iterator]()
    let next = iterator.next()
    for (; !next.done && first.length < measuredRows; next = iterator.next()) first.push(next.value)
    const numeric = columns.map((column) => first.every((row) => isNumber(row[column])))
    const widths = columns.map((column) =>
      first.reduce((width, row) => Math.max(width, visible(row[column]).length), column.length),
    )
    const line = (cells: readonly string[]) =>
      `${cells
        .map((cell, i) =>
          numeric[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number),
        )
        .join('  ')
        .trimEnd()}\n`
    yield line(columns) + `${widths.map((width) => '─'.repeat(width)).join('  ')}\n`
    for (const row of first) yield line(columns.map((column) => visible(row[column])))
    for (; !next.done; next = iterator.next()) {
      const row = next.value
      yield line(columns.map((column) => visible(row[column])))
    }
  },
}

function isNumber(value: Value | undefined): boolean {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'bigint'
}

/** As it stands in JSON and CSV: whole numbers beyond 2^53 as text, blobs in hexadecimal. */
function plain(value: Value | undefined): string | number | boolean | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  // CSV has no booleans of its own; 'false' reads better than an empty field.
  if (typeof value === 'boolean') return String(value)
  return value ?? null
}

/** RFC 4180, with line feeds as line ends. */
function field(value: Value | undefined): string {
  if (typeof value === 'number') return String(value)
  const text = String(plain(value) ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** For people's eyes: six digits, one line, and nothing that a terminal would obey. */
export function visible(value: Value | undefined): string {
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))
  if (value === null || value === undefined) return ''
  return String(value).replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => named[character] ?? `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')
}
