import { CsvError, parse } from 'csv-parse/sync'
import { TaskvecError } from '../domain/errors.js'
import type { Pair } from '../domain/types.js'
import { readTextFile } from './text-file.js'
import { jsonRows } from './word-list-json.js'

/** One entry as found in a file: x, y and further accepted answers. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

export interface LocatedPair {
  readonly line: number
  readonly pair: Pair
}

/**
 * A user's word list, x -> y with further accepted answers. NFC, spaces around words dropped.
 * - `.json`: {"hot": "cold", "big": ["small", "little"]}, or a list of {input, answer, accept} or [x, y, ...accept]
 * - else CSV (`.tsv`: tabs): input, answer, further accepted answers, in columns or split by `|`; the header
 *   `input,answer,...` may be there or not
 * Errors: CONFIG with file and line; an input given twice is named with both lines.
 */
export function readWordListFile(file: string): Pair[] {
  const located = readEveryPair(file)
  refuseRepeats(file, located)
  return located.map(({ pair }) => pair)
}

/** Every entry with its line, repeated inputs too. */
export function readEveryPair(file: string): LocatedPair[] {
  const text = readTextFile(file)
  const rows = file.endsWith('.json') ? jsonRows(file, text) : csvRows(file, text)
  if (rows.length === 0) throw new TaskvecError('CONFIG', `${file}: no pairs in it`)
  return rows.map((row) => ({ line: row.line, pair: pairOf(file, row) }))
}

function refuseRepeats(file: string, located: readonly LocatedPair[]): void {
  const lineOf = new Map<string, number>()
  for (const { line, pair } of located) {
    const earlier = lineOf.get(pair.input)
    if (earlier !== undefined) {
      throw new TaskvecError(
        'CONFIG',
        `${file}:${line}: "${pair.input}" is given twice; first on line ${earlier}`,
        { hint: 'Keep one of them; put further right answers behind the preferred one.' },
      )
    }
    lineOf.set(pair.input, line)
  }
}

function pairOf(file: string, { line, cells }: Row): Pair {
  const [input = '', output = '', ...accept] = cells.map((cell) => cell.trim().normalize('NFC'))
  const blank = input === '' ? 'input' : output === '' ? 'answer' : undefined
  if (blank !== undefined) throw new TaskvecError('CONFIG', `${file}:${line}: the ${blank} is blank`)
  const wrong = cells.find((cell) => /[\r\n]/.test(cell.trim()))
  if (wrong !== undefined)
    throw new TaskvecError('CONFIG', `${file}:${line}: ${JSON.stringify(wrong)} has a line break in it`)
  const others = new Set(accept.filter((text) => text !== '' && text !== output))
  return { input, output, accept: [...others] }
}

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

function csvRows(file: string, text: string): Row[] {
  const records = readCsv(file, text)
  const [first] = records
  const isHeader = first?.record[0]?.toLowerCase() === 'input'
  return (isHeader ? records.slice(1) : records).map(({ record, info: { lines: line } }) => {
    const [input = '', answer, ...accept] = record
    if (answer === undefined) {
      throw new TaskvecError('CONFIG', `${file}:${line}: one column only; two are needed: input, answer`, {
        hint: 'Separate them by a comma (by a tab in a .tsv file); put quotes around a word with a comma in it.',
      })
    }
    return { line, cells: [input, answer, ...accept.flatMap((cell) => cell.split('|'))] }
  })
}

function readCsv(file: string, text: string): CsvRecord[] {
  try {
    return parse(text, {
      delimiter: file.endsWith('.tsv') ? '\t' : ',',
      bom: true,
      info: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 100_000,
    }) as unknown as CsvRecord[]
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    const line = typeof cause['lines'] === 'number' ? cause['lines'] : 1
    throw new TaskvecError('CONFIG', `${file}:${line}: not CSV: ${cause.message}`, { cause })
  }
}
