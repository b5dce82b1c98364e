import type Database from 'better-sqlite3'
import { partsOf } from '../store/result-parts.js'
import type { ResultFilter } from '../experiments/sweep-rows.js'
import type { SweepSummary } from '../store/sweeps.js'
import type { Values } from '../figures/table.js'
import type { Format, TextFormat } from './text-format.js'
import { ParquetFile } from './parquet.js'
import { renderer, type Part, type PartSize } from './part.js'
import { partsOfTable, resultRows } from './result-rows.js'
import { measuredRows, textLayout } from './text-layouts.js'
import { inTwoThreads } from './two-threads.js'

/** Whole tables, of millions of rows maybe: part by part, never all of one in memory. */

export interface WholeTable {
  readonly db: Database.Database
  readonly table: string
  readonly sweep: SweepSummary
  readonly filter: ResultFilter
  /** Of what is rendered at once. */
  readonly size?: PartSize
}

/** In pieces, none of which is rendered long before it is asked for. */
export async function* textOfTable(
  whole: WholeTable,
  format: TextFormat,
): AsyncGenerator<string | Uint8Array> {
  const { db, table, sweep } = whole
  const { columns } = resultRows(db, table, sweep, {}, format)
  const first = format === 'table' ? firstRows(whole) : []
  const { head, separator, tail } = textLayout(format, Object.keys(columns), first)
  yield head
  let before = ''
  for await (const { rows, bytes } of renderedParts(whole, format, first)) {
    if (rows === 0) continue
    yield before
    yield bytes
    before = separator
  }
  yield tail
}

/** Returns once the file is written. */
export async function writeParquetTable(whole: WholeTable, path: string): Promise<void> {
  const file = new ParquetFile(path, resultRows(whole.db, whole.table, whole.sweep, {}).columns)
  for await (const { rows, bytes, metadata } of renderedParts(whole, 'parquet', []))
    if (rows > 0 && metadata) file.append({ bytes, metadata })
  file.finish()
}

function renderedParts(
  { db, table, sweep, filter, size }: WholeTable,
  format: Format,
  first: readonly Values[],
): AsyncIterable<Part> {
  const asked = { table, sweep, format, first }
  const filters = partsOf(db, partsOfTable(table), sweep.id, filter)
  return inTwoThreads(filters, renderer(db, asked), { ...asked, db: db.name }, size)
}

/** One after the other: who wants only some of them reads no further than the part where these end. */
export function* rowsInParts({ db, table, sweep, filter }: WholeTable, format?: Format): Generator<Values> {
  for (const part of partsOf(db, partsOfTable(table), sweep.id, filter))
    yield* resultRows(db, table, sweep, part, format).rows
}

function firstRows(whole: WholeTable): Values[] {
  const first: Values[] = []
  for (const row of rowsInParts(whole)) if (first.push(row) === measuredRows) break
  return first
}
