import { readFileSync, statSync } from 'node:fs'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { TaskvecError } from '../domain/errors.js'

/** Word lists are small; anything larger is another kind of data. */
const most = { fileBytes: 100_000_000, rows: 500_000, textBytes: 50_000_000 }

/**
 * A Parquet file as JSON Lines, an object a row: texts, numbers and lists of them. A member of a record is a separate column
 * under `record.member`; bytes are left out. Errors: CONFIG if it is missing, damaged or too large.
 */
export async function parquetLines(file: string): Promise<string> {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new TaskvecError('CONFIG', `${file}: no such file`)
  if (size > most.fileBytes) throw tooLarge(file, `${size} bytes; at most ${most.fileBytes} are read`)
  const bytes = readFileSync(file)
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  try {
    const metadata = parquetMetadata(buffer)
    if (metadata.num_rows > most.rows)
      throw tooLarge(file, `${metadata.num_rows} rows; at most ${most.rows} are read`)
    const rows = await parquetReadObjects({ file: buffer, metadata })
    const text = rows.map((row) => JSON.stringify(flat(row))).join('\n')
    if (text.length > most.textBytes) throw tooLarge(file, 'its texts are longer than 50 MB')
    return text
  } catch (cause) {
    if (cause instanceof TaskvecError) throw cause
    throw new TaskvecError(
      'CONFIG',
      `${file}: not a Parquet file that can be read: ${(cause as Error).message}`,
      { cause, hint: 'Compressed by Snappy or not at all; else export it as CSV or JSON Lines.' },
    )
  }
}

/** How to read a Parquet file as a list; undefined for other files. Errors: as `parquetLines`. */
export async function parquetAhead(file: string): Promise<{ file: string; text: string } | undefined> {
  return isParquet(file) ? { file: 'rows.jsonl', text: await parquetLines(file) } : undefined
}

export function isParquet(file: string): boolean {
  return /\.parquet$/i.test(file)
}

function tooLarge(file: string, what: string): TaskvecError {
  return new TaskvecError('CONFIG', `${file}: ${what}`, {
    hint: 'Select the rows that are to be used first.',
  })
}

function flat(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      isRecord(value)
        ? Object.entries(value).map(([member, inner]) => [`${name}.${member}`, plain(inner)] as const)
        : [[name, plain(value)] as const],
    ),
  )
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
  return ArrayBuffer.isView(value) ? null : (value ?? null)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !ArrayBuffer.isView(value)
  )
}
