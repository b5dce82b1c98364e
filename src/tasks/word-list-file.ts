import { CsvError, parse } from 'csv-parse/sync'
import { TaskvecError } from '../domain/errors.js'
import type { Pair } from '../domain/types.js'
import { readTextFile, refuseProblems, type LineProblem } from './text-file.js'
import { jsonRows } from './word-list-json.js'

/** One entry as found in a file: x, y and further accepted answers. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

/** What the rows of a file are, and what is wrong with those that are none. */
export interface Rows {
  readonly rows: readonly Row[]
  readonly problems: readonly LineProblem[]
}

interface LocatedPair {
  readonly line: number
  readonly pair: Pair
}

/**
 * A user's word list, x -> y with further accepted answers. NFC, spaces around words dropped.
 * - `.json`: {"hot": "cold", "big": ["small", "little"]}, or a list of {input, answer, accept} or [x, y, ...accept]
 * - else CSV (`.tsv`: tabs): input, answer, further accepted answers, in columns or split by `|`; the header
 *   `input,answer,...` may be there or not
 * Errors: CONFIG naming what is wrong with file and line; an input given twice is named with both lines.
 */
export function readWordListFile(file: string): Pair[] {
  const { pairs, problems } = scanWordListFile(file)
  refuseProblems(file, [...problems, ...repeats(pairs)])
  return pairs.map(({ pair }) => pair)
}

/**
 * Every entry that can be read, with its line, repeated inputs too; and what is wrong with the other ones.
 * Errors: CONFIG where the file can't be read at all, or has nothing in it.
 */
export function scanWordListFile(file: string): {
  readonly pairs: readonly LocatedPair[]
  readonly problems: readonly LineProblem[]
} {
  const text = readTextFile(file)
  const { rows, problems } = file.endsWith('.json') ? jsonRows(file, text) : csvRows(file, text)
  if (rows.length + problems.length === 0) throw new TaskvecError('CONFIG', `${file}: no pairs in it`)
  const good = rows.filter((row) => problemsOf(row).length === 0)
  return {
    pairs: good.map((row) => ({ line: row.line, pair: pairOf(row) })),
    problems: [...problems, ...rows.flatMap(problemsOf)],
  }
}

function repeats(located: readonly LocatedPair[]): LineProblem[] {
  const lineOf = new Map<string, number>()
  return located.flatMap(({ line, pair: { input } }) => {
    const earlier = lineOf.get(input)
    if (earlier === undefined) lineOf.set(input, line)
    return earlier === undefined
      ? []
      : [
          {
            line,
            text: `"${input}" is given twice; first on line ${earlier}`,
            hint: 'Keep one of them; put further right answers behind the preferred one.',
          },
        ]
  })
}

function problemsOf({ line, cells: [input = '', answer = '', ...accept] }: Row): LineProblem[] {
  const texts = [
    ...(input.trim() === '' ? ['the input is blank'] : []),
    ...(answer.trim() === '' ? ['the answer is blank'] : []),
    ...[input, answer, ...accept]
      .filter((cell) => /[\r\n]/.test(cell.trim()))
      .map((cell) => `${JSON.stringify(cell)} has a line break in it`),
  ]
  return texts.map((text) => ({ line, text }))
}

function pairOf({ cells }: Row): Pair {
  const [input = '', output = '', ...accept] = cells.map((cell) => cell.trim().normalize('NFC'))
  const others = new Set(accept.filter((text) => text !== '' && text !== output))
  return { input, output, accept: [...others] }
}

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

function csvRows(file: string, text: string): Rows {
  const { records, problems } = readCsv(file, text)
  const [first] = records
  const isHeader = first?.record[0]?.toLowerCase() === 'input'
  const rows: Row[] = []
  const alone: LineProblem[] = []
  for (const { record, info } of isHeader ? records.slice(1) : records) {
    const [input = '', answer, ...accept] = record
    if (answer !== undefined)
      rows.push({ line: info.lines, cells: [input, answer, ...accept.flatMap((cell) => cell.split('|'))] })
    else
      alone.push({
        line: info.lines,
        text: 'one column only; two are needed: input, answer',
        hint: 'Separate them by a comma (by a tab in a .tsv file); put quotes around a word with a comma in it.',
      })
  }
  return { rows, problems: [...problems, ...alone] }
}

/** Where a quote is out of place, lines are read one by one, so that the others can be told from the broken ones. */
function readCsv(file: string, text: string): { records: readonly CsvRecord[]; problems: LineProblem[] } {
  const whole = parseCsv(file, text)
  if (!(whole instanceof CsvError)) return { records: whole, problems: [] }
  const records: CsvRecord[] = []
  const problems: LineProblem[] = []
  text.split(/\r\n|\n|\r/).forEach((lineText, i) => {
    const line = i + 1
    const found = parseCsv(file, lineText)
    if (found instanceof CsvError) problems.push({ line, text: `not CSV: ${withoutLine(found.message)}` })
    else records.push(...found.map(({ record }) => ({ record, info: { lines: line } })))
  })
  return { records, problems }
}

/** The parser counts from the line that it was given. */
function withoutLine(message: string): string {
  return message.replace(/ (at|on) line \d+/g, '')
}

function parseCsv(file: string, text: string): readonly CsvRecord[] | CsvError {
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
  } catch (error) {
    if (error instanceof CsvError) return error
    throw error
  }
}
