import type Database from 'better-sqlite3'
import type { ResultFilter, SweepSummary } from '../store/results.js'
import { piecesOf, type Format, type Values } from './formats.js'
import { encodeRows, type RowGroup } from './parquet.js'
import { resultRows, type TableName } from './result-rows.js'
import { textLayout } from './text-layouts.js'

/** What any thread needs to know to render any part of a table. */
export interface TableInFormat {
  readonly table: TableName
  readonly sweep: SweepSummary
  readonly format: Format
  /** The table's first rows, see `textLayout`. */
  readonly first: readonly Values[]
}

/** Some rows of a table in its format: text without head and tail, or a row group of Parquet. */
export interface Part {
  readonly rows: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly metadata?: RowGroup['metadata']
}

/** Takes filters off the front of a queue until it has `atLeast` rows that pass them, or none is left; renders these rows. */
export type Render = (queue: ResultFilter[], atLeast: number) => Part

export function renderer(db: Database.Database, { table, sweep, format, first }: TableInFormat): Render {
  const { columns } = resultRows(db, table, sweep, {})
  const layout = format === 'parquet' ? null : textLayout(format, Object.keys(columns), first)
  return (queue, atLeast) => {
    let count = 0
    function* rows(): Generator<Values> {
      for (let filter; count < atLeast && (filter = queue.shift());)
        for (const row of resultRows(db, table, sweep, filter).rows) {
          count++
          yield row
        }
    }
    if (layout) {
      const bytes = bytesOf(piecesOf(rows(), layout))
      return { rows: count, bytes }
    }
    const group = encodeRows(rows(), columns)
    return {
      rows: count,
      bytes: group?.bytes ?? new Uint8Array(),
      ...(group && { metadata: group.metadata }),
    }
  }
}

function bytesOf(pieces: Iterable<string>): Uint8Array<ArrayBuffer> {
  const encoded = Array.from(pieces, (piece) => Buffer.from(piece))
  const bytes = new Uint8Array(encoded.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of encoded) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
