import type Database from 'better-sqlite3'
import type { ResultFilter } from '../experiments/sweep-rows.js'
import type { SweepSummary } from '../store/sweeps.js'
import type { Values } from '../figures/table.js'
import { piecesOf } from './formats.js'
import type { Format } from './text-format.js'
import { encodeRows, type RowGroup } from './parquet.js'
import { resultRows } from './result-rows.js'
import { textLayout } from './text-layouts.js'

/** What any thread needs to know to render any part of a table. */
export interface TableInFormat {
  readonly table: string
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

/** When a part is large enough: it has so many rows, or has taken so long. */
export interface PartSize {
  readonly rows: number
  readonly milliseconds: number
}

export const everything: PartSize = { rows: Infinity, milliseconds: Infinity }

/** Takes filters off the front of a queue, and renders the rows that pass them, until the part is large enough or none is left. */
export type Render = (queue: ResultFilter[], size: PartSize) => Part

export function renderer(db: Database.Database, { table, sweep, format, first }: TableInFormat): Render {
  const { columns } = resultRows(db, table, sweep, {}, format)
  const layout = format === 'parquet' ? null : textLayout(format, Object.keys(columns), first)
  const encode = encoder()
  return (queue, size) => {
    let count = 0
    const started = performance.now()
    const enough = () => count >= size.rows || performance.now() - started >= size.milliseconds
    function* rows(): Generator<Values> {
      for (let filter; !enough() && (filter = queue.shift());)
        for (const row of resultRows(db, table, sweep, filter, format).rows) {
          count++
          yield row
        }
    }
    if (layout) {
      const bytes = encode(piecesOf(rows(), layout))
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

/** Encodes pieces of text as one; its memory is used again, and only what it returns is new. */
function encoder(): (pieces: Iterable<string>) => Uint8Array<ArrayBuffer> {
  let buffer = Buffer.allocUnsafe(1 << 20)
  return (pieces) => {
    let length = 0
    for (const piece of pieces) {
      // UTF-8 takes three bytes a unit of UTF-16 at most.
      const needed = length + 3 * piece.length
      if (needed > buffer.length) buffer = Buffer.concat([buffer.subarray(0, length)], 2 * needed)
      length += buffer.write(piece, length)
    }
    return new Uint8Array(buffer.subarray(0, length))
  }
}
