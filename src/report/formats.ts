import type { Row, Values } from '../figures/table.js'
import type { TextFormat } from './text-format.js'
import { measuredRows, textLayout } from './text-layouts.js'

/** Characters gathered before they are written. */
const chunk = 1 << 16

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
 * Rows in a format, piece by piece: no format holds all of them in memory, and rows are read only as pieces are
 * consumed. CSV, JSON and the terminal's table are written here, since libraries need whole tables or
 * microseconds per field.
 */
export function* textOf(
  rows: Iterable<Values>,
  columns: readonly string[],
  format: TextFormat,
): Generator<string> {
  const iterator = rows[Symbol.iterator]()
  const first = format === 'table' ? taken(iterator, measuredRows) : []
  const { head, row, separator, tail } = textLayout(format, columns, first)
  let gathered = head
  let before = ''
  for (const values of chained(first, iterator)) {
    gathered += before + row(values)
    before = separator
    if (gathered.length < chunk) continue
    yield gathered
    gathered = ''
  }
  yield gathered + tail
}

function taken<T>(iterator: Iterator<T>, count: number): T[] {
  const first: T[] = []
  for (let next; first.length < count && !(next = iterator.next()).done;) first.push(next.value)
  return first
}

function* chained<T>(first: readonly T[], rest: Iterator<T>): Generator<T> {
  yield* first
  for (let next; !(next = rest.next()).done;) yield next.value
}

export function* byPosition(rows: Iterable<Row>, columns: readonly string[]): Generator<Values> {
  for (const row of rows) yield columns.map((column) => row[column] ?? null)
}
