import type { Row, Values } from '../figures/table.js'
import type { TextFormat, TextLayout } from './text-format.js'
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
 * Rows one after the other in a format, whatever their number, in pieces: no format holds them all in memory, and none is
 * read before the piece before it has been taken. CSV, JSON and the terminal's table are written here: libraries take
 * whole tables, or microseconds a field.
 */
export function* textOf(
  rows: Iterable<Values>,
  columns: readonly string[],
  format: TextFormat,
): Generator<string> {
  const { first, all } = begun(rows, format === 'table' ? measuredRows : 0)
  const layout = textLayout(format, columns, first)
  yield layout.head
  yield* piecesOf(all, layout)
  yield layout.tail
}

/** The rows alone, in pieces. */
export function* piecesOf(rows: Iterable<Values>, { row, separator }: TextLayout): Generator<string> {
  let gathered = ''
  let before = ''
  for (const values of rows) {
    gathered += before + row(values)
    before = separator
    if (gathered.length < chunk) continue
    yield gathered
    gathered = ''
  }
  yield gathered
}

/** The first rows, `count` at most, and all of them. */
function begun(rows: Iterable<Values>, count: number): { first: Values[]; all: Iterable<Values> } {
  if (count === 0) return { first: [], all: rows }
  const first: Values[] = []
  const iterator = rows[Symbol.iterator]()
  let next = iterator.next()
  for (; !next.done && first.length < count; next = iterator.next()) first.push(next.value)
  return { first, all: all() }

  function* all(): Generator<Values> {
    yield* first
    for (; !next.done; next = iterator.next()) yield next.value
  }
}

export function* byPosition(rows: Iterable<Row>, columns: readonly string[]): Generator<Values> {
  for (const row of rows) yield columns.map((column) => row[column] ?? null)
}
