import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { latexLines } from './latex.js'

export const formats = ['table', 'json', 'csv', 'md', 'latex', 'parquet'] as const
export type Format = (typeof formats)[number]
export const textFormats = formats.filter((format) => format !== 'parquet')
export type TextFormat = (typeof textFormats)[number]

/** A value of a row: what JSON has, or a blob of SQLite. */
export type Value = string | number | bigint | boolean | null | Uint8Array

export type Row = Readonly<Record<string, Value>>

/** A row by position: what large tables are read and written as. */
export type Values = readonly Value[]

/** Characters gathered before they are written. */
const chunk = 1 << 16
/** Rows of a terminal table that its columns' widths are taken from. */
const measuredRows = 500

/** Rows with named values; `columns` are those written, in order. See `textOf`. */
export function writeRows(
  rows: Iterable<Row>,
  columns: readonly string[],
  format: TextFormat,
  write: (text: string) => void,
): void {
  writeValues(byPosition(rows, columns), columns, format, write)
}

/** Rows by position; see `textOf`. */
export function writeValues(
  rows: Iterable<Values>,
  columns: readonly string[],
  format: TextFormat,
  write: (text: string) => void,
): void {
  for (const piece of textOf(rows, columns, format)) write(piece)
}

/**
 * Rows one after the other in a format, whatever their number, in pieces: no format holds them all in memory, and none is
 * read before the piece before it has been taken. CSV, JSON and the terminal's table are written here: libraries take
 * whole tables, or microseconds a field.
 */
export function* textOf(
  rows: Iterable<Values>,
  columns: readonly string[],
  format: TextFormat,
): Generator<string> {
  let gathered = ''
  for (const line of lines[format](rows, columns)) {
    gathered += line
    if (gathered.length < chunk) continue
    yield gathered
    gathered = ''
  }
  yield gathered
}

export function* byPosition(rows: Iterable<Row>, columns: readonly string[]): Generator<Values> {
  for (const row of rows) yield columns.map((column) => row[column] ?? null)
}

/** Rows of a Parquet row group: what is held in memory at once. */
const groupRows = 100_000

type ParquetType = 'STRING' | 'INT32' | 'DOUBLE' | 'BOOLEAN'

/** One Parquet file, row group by row group; `types` by column, in order. */
export function writeParquet(
  rows: Iterable<Values>,
  types: Readonly<Record<string, ParquetType>>,
  file: string,
): void {
  const columns = Object.entries(types).map(([name, type]) => ({ name, type, nullable: true }))
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: schemaFromColumnData({ columnData: columns.map((column) => ({ ...column, data: [] })) }),
    createdBy: 'taskvec',
  })
  let data = columns.map((): Value[] => [])
  const flush = () => {
    void writer.write({ columnData: columns.map((column, i) => ({ ...column, data: data[i] ?? [] })) })
    data = columns.map(() => [])
  }
  for (const row of rows) {
    data.forEach((column, i) => column.push(row[i] ?? null))
    if (data[0]?.length === groupRows) flush()
  }
  if (data[0]?.length !== 0) flush()
  void writer.finish()
}

const lines: Record<TextFormat, (rows: Iterable<Values>, columns: readonly string[]) => Generator<string>> = {
  *json(rows, columns) {
    const names = columns.map((column) => `${JSON.stringify(column)}:`)
    const render = rendered(jsonValue, columns.length)
    let separator = '['
    for (const row of rows) {
      let line = separator
      for (let i = 0; i < names.length; i++)
        line += `${i === 0 ? '{' : ','}${names[i] as string}${render(row[i], i)}`
      yield `${line}}`
      separator = ',\n'
    }
    yield separator === '[' ? '[]\n' : ']\n'
  },

  *csv(rows, columns) {
    const render = rendered(field, columns.length)
    yield `${columns.map(field).join(',')}\n`
    for (const row of rows) yield `${joined(row, render, ',')}\n`
  },

  *md(rows, columns) {
    const render = rendered((value) => escapeCell(visible(value)), columns.length)
    yield `| ${columns.join(' | ')} |\n|${columns.map(() => ' --- |').join('')}\n`
    for (const row of rows) yield `| ${joined(row, render, ' | ')} |\n`
  },

  *table(rows, columns) {
    const render = rendered(visible, columns.length)
    const first: Values[] = []
    const iterator = rows[Symbol.iterator]()
    let next = iterator.next()
    for (; !next.done && first.length < measuredRows; next = iterator.next()) first.push(next.value)
    const numeric = columns.map((_, i) => first.every((row) => isNumber(row[i])))
    const widths = columns.map((column, i) =>
      first.reduce((width, row) => Math.max(width, render(row[i], i).length), column.length),
    )
    const line = (cells: readonly string[]) =>
      `${cells
        .map((cell, i) =>
          numeric[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number),
        )
        .join('  ')
        .trimEnd()}\n`
    yield line(columns) + `${widths.map((width) => '─'.repeat(width)).join('  ')}\n`
    for (const row of first) yield line(row.map(render))
    for (; !next.done; next = iterator.next()) yield line(next.value.map(render))
  },

  *latex(rows, columns) {
    yield* latexLines(columns, rows)
  },
}

/** Texts of a column that are kept rendered: tokens and queries come again and again. */
const keptTexts = 10_000

/** Values by column, each rendered once where it is the same as in the row before, texts where they came lately. */
export function rendered(render: (value: Value | undefined) => string, columns: number) {
  const last = new Array<Value | undefined>(columns).fill(undefined)
  const texts = last.map(render)
  const known = new Map<string, string>()
  const ofText = (value: string): string => {
    const found = known.get(value)
    if (found !== undefined) return found
    if (known.size >= keptTexts) known.clear()
    const text = render(value)
    known.set(value, text)
    return text
  }
  return (value: Value | undefined, i: number): string => {
    if (value === last[i]) return texts[i] as string
    // Numbers are seldom the same twice.
    if (typeof value === 'number') return render(value)
    last[i] = value
    return (texts[i] = typeof value === 'string' ? ofText(value) : render(value))
  }
}

function joined(row: Values, render: (value: Value, i: number) => string, separator: string): string {
  let line = ''
  for (let i = 0; i < row.length; i++) line += (i === 0 ? '' : separator) + render(row[i] as Value, i)
  return line
}

function isNumber(value: Value | undefined): boolean {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'bigint'
}

/** As it stands in JSON and CSV: whole numbers beyond 2^53 as text, blobs in hexadecimal. */
function plain(value: Value | undefined): string | number | boolean | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return value ?? null
}

/** What a terminal obeys though JSON allows it within a string: DEL, C1 controls, marks that turn the direction of text. */
const unsafeInJson = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu

function jsonValue(value: Value | undefined): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  const text = JSON.stringify(plain(value))
  if (printableAscii.test(text)) return text
  // Beyond U+FFFF a character is two units, each with an escape of its own.
  return text.replace(unsafeInJson, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** RFC 4180, with line feeds as line ends. */
function field(value: Value | undefined): string {
  if (typeof value === 'number') return String(value)
  const text = String(plain(value) ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const printableAscii = /^[\x20-\x7e]*$/

/** For people's eyes: six digits, one line, and nothing that a terminal would obey. */
export function visible(value: Value | undefined): string {
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : sixDigits(value))
  if (value === null || value === undefined) return ''
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  const text = String(value)
  if (printableAscii.test(text)) return text
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => named[character] ?? `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}

/** Like toPrecision(6), ten times faster where the powers of ten are exact. */
function sixDigits(value: number): number {
  const digits = 5 - Math.floor(Math.log10(Math.abs(value)))
  if (!(digits >= 0 && digits <= 22)) return Number(value.toPrecision(6))
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')
}
