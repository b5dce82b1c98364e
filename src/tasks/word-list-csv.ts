import { CsvError, parse } from 'csv-parse/sync'
import {
  columnsLine,
  mayBeHeader,
  rolesByConfig,
  rolesByName,
  unclear,
  type Columns,
  type Roles,
} from './columns.js'
import type { LineProblem } from './text-file.js'
import type { Row, Rows } from './word-list-rows.js'

interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
}

interface Table {
  readonly records: readonly CsvRecord[]
  readonly problems: readonly LineProblem[]
}

const separators = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' } as const
type Separator = keyof typeof separators

/** A file with a column for x and one for y. Columns are found by their header's names; an unknown header is an error that asks which columns to use. */
export function csvRows(file: string, text: string, columns?: Columns): Rows {
  const { table, notes } = separated(file, text)
  const [first] = table.records
  if (!first) return { rows: [], problems: table.problems, notes }
  const layout = layoutOf(first, table, columns)
  if ('text' in layout) return { rows: [], problems: [...table.problems, layout], notes }

  const { roles, header } = layout
  const rows: Row[] = []
  const narrow: LineProblem[] = []
  for (const { line, cells } of header ? table.records.slice(1) : table.records) {
    const answer = cells[roles.answer]
    if (answer !== undefined && cells[roles.input] !== undefined) {
      const accept = acceptColumns(roles, header ? first : undefined, cells).map((i) => cells[i] ?? '')
      rows.push({
        line,
        cells: [cells[roles.input] ?? '', answer, ...accept.flatMap((cell) => cell.split('|'))],
        ...(roles.split === undefined ? {} : { split: cells[roles.split] ?? '' }),
      })
    } else {
      const needed = Math.max(roles.answer, roles.input) + 1
      const text = `${cells.length} columns; the answer is in column ${needed}`
      narrow.push({ line, ...oneColumn, ...(cells.length === 1 ? {} : { text }) })
    }
  }
  const unused = roles.unused.map((name) => `"${name}"`)
  return {
    rows,
    problems: [...table.problems, ...narrow],
    notes: [
      ...notes,
      ...(unused.length > 0 ? [`not used: ${unused.join(', ')}`] : []),
      ...(header ? wideNote(first, table, roles) : []),
      ...(columns ? [] : header ? capitalHeader(first) : [noHeader(first)]),
    ],
  }
}

const oneColumn = {
  text: 'only one column; two are needed: input, answer',
  hint: 'Separate them by commas, semicolons or (in a .tsv file) tabs; put quotes around a word with one of these in it.',
}

/** A comma in a text without quotes makes one more column. */
function wideNote(header: CsvRecord, { records }: Table, { answer }: Roles): string[] {
  const width = header.cells.length
  const wide = records.filter(({ cells }) => cells.slice(width).some((cell) => cell !== ''))
  const [first] = wide
  if (!first) return []
  const kept = answer === width - 1 ? 'taken as further accepted answers' : 'not used'
  return [
    `${wide.length} of ${records.length - 1} lines have more columns than the header, ${kept}; the first is line ${first.line}: "${first.cells.join('", "')}"`,
  ]
}

interface Layout {
  readonly roles: Roles
  /** Whether the first line is one. */
  readonly header: boolean
}

function layoutOf(first: CsvRecord, { records }: Table, columns: Columns | undefined): Layout | LineProblem {
  const byName = rolesByName(first.cells)
  if (columns) {
    const roles = rolesByConfig(first.cells, columns)
    if (typeof roles === 'string') return { line: first.line, text: roles }
    const named = Object.values(columns).some((column) => typeof column === 'string')
    const header = named || (byName !== undefined && !isCapital(first))
    return { roles: header ? roles : { ...roles, unused: [] }, header }
  }
  if (byName) return { roles: byName, header: true }
  if (records.every(({ cells }) => cells.length < 2)) return { line: first.line, ...oneColumn }
  if (mayBeHeader(first.cells)) return askHeader(first)
  if (isNumbered(records)) return askNumbered(first)
  return { roles: { input: 0, answer: 1, accept: [], unused: [] }, header: false }
}

/** Which cells are further answers: as the header says, else those after the answer. */
function acceptColumns(roles: Roles, header: CsvRecord | undefined, cells: readonly string[]): number[] {
  const unnamed = cells.flatMap((_, i) =>
    i >= (header?.cells.length ?? 2) && i > roles.answer && i !== roles.split ? [i] : [],
  )
  return [...roles.accept, ...(header && roles.answer < header.cells.length - 1 ? [] : unnamed)]
}

function askHeader({ line, cells }: CsvRecord): LineProblem {
  const { text, suggested } = unclear(cells)
  return {
    line,
    text: `this line may be a header: ${text}`,
    hint:
      `Add it to the config, next to "list": ${columnsLine(suggested)}\n` +
      `or, if it is a pair like the others: ${columnsLine({ input: 1, answer: 2 })}`,
  }
}

/** Three or more columns, the first of which numbers the lines. */
function isNumbered(records: readonly CsvRecord[]): boolean {
  const numbers = records.map(({ cells }) =>
    cells.length > 2 && /^\d+$/.test(cells[0] ?? '') ? Number(cells[0]) : NaN,
  )
  return numbers.length > 1 && numbers.every((number, i) => i === 0 || number === (numbers[i - 1] ?? 0) + 1)
}

function askNumbered({ line, cells }: CsvRecord): LineProblem {
  return {
    line,
    text: `the first column (${cells[0]}, ..) counts the lines: which columns are input and answer?`,
    hint: `Add it to the config, next to "list": ${columnsLine({ input: 2, answer: 3 })}`,
  }
}

/** `Input,Output` names columns, and might be the first pair of a list of capitals. */
function isCapital({ cells }: CsvRecord): boolean {
  return cells.some((cell) => cell !== cell.toLowerCase())
}

function capitalHeader(first: CsvRecord): string[] {
  if (!isCapital(first)) return []
  return [
    `line ${first.line}, "${first.cells.join(',')}", is read as the header; if it is a pair: ${columnsLine({ input: 1, answer: 2 })}`,
  ]
}

function noHeader({ line, cells: [input = '', answer = ''] }: CsvRecord): string {
  return (
    `no header is known: line ${line} is the pair "${input}" -> "${answer}". If it is a header: ` +
    `${columnsLine({ input, answer })}; if not, add ${columnsLine({ input: 1, answer: 2 })}`
  )
}

/** The table by the separator that gives every line two columns; commas first, tabs in a .tsv file. */
function separated(file: string, text: string): { table: Table; notes: string[] } {
  if (/\.(tsv|tab)$/i.test(file)) return { table: tableOf(text, '\t'), notes: [] }
  const found = (Object.keys(separators) as Separator[])
    .map((separator) => ({ separator, table: tableOf(text, separator) }))
    .map((candidate) => ({
      ...candidate,
      wide: candidate.table.records.filter(({ cells }) => cells.length > 1),
    }))
  const [best] = [...found].sort((a, b) => score(b) - score(a))
  const { separator, table } = best as (typeof found)[number]
  const others = found.filter((other) => other.separator !== separator && score(other) === found.length)
  const note = others.map(
    (other) =>
      `${separators[separator]} are read as the separators, although ${separators[other.separator]} would fit as well; if those are meant, save the file as .tsv`,
  )
  return { table, notes: note }
}

/** Lowest if few lines have two columns; highest if the header's names are known. */
function score({ table, wide }: { table: Table; wide: readonly CsvRecord[] }): number {
  const [first] = table.records
  if (first && rolesByName(first.cells)) return 4
  if (wide.length === 0) return 0
  return wide.length === table.records.length && table.problems.length === 0
    ? 3
    : wide.length / (table.records.length + 1)
}

/** After a misplaced quote, lines are read one by one to isolate the broken ones. */
function tableOf(text: string, separator: Separator): Table {
  const whole = parseCsv(text, separator)
  if (!(whole instanceof CsvError)) return { records: whole, problems: [] }
  const records: CsvRecord[] = []
  const problems: LineProblem[] = []
  text.split(/\r\n|\n|\r/).forEach((lineText, i) => {
    const line = i + 1
    const found = parseCsv(lineText, separator)
    if (found instanceof CsvError) problems.push({ line, text: `not CSV: ${withoutLine(found.message)}` })
    else records.push(...found.map(({ cells }) => ({ cells, line })))
  })
  return { records, problems }
}

/** The parser counts from its first line. */
function withoutLine(message: string): string {
  return message.replace(/ (at|on) line \d+/g, '')
}

function parseCsv(text: string, delimiter: Separator): readonly CsvRecord[] | CsvError {
  try {
    const records: CsvRecord[] = []
    parse(text, {
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 1_000_000,
      on_record(cells: string[], { lines }) {
        // The parser names a record's last line.
        records.push({ cells, line: lines - cells.join('').split('\n').length + 1 })
      },
    })
    return records
  } catch (error) {
    if (error instanceof CsvError) return error
    throw error
  }
}
