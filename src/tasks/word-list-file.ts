import { TaskvecError } from '../domain/errors.js'
import { listSplits, type ListSplit, type Pair } from '../domain/types.js'
import type { Columns } from './columns.js'
import { mergeDuplicates, repeats, type DuplicateRule, type LocatedPair } from './duplicates.js'
import { splitNamed, splitNotes, splitProblems, type SplitNames } from './list-splits.js'
import { readTextFile, refuseProblems, type LineProblem } from './text-file.js'
import type { Row, Rows } from './word-list-rows.js'
import { csvRows } from './word-list-csv.js'
import { jsonLinesRows, jsonRows } from './word-list-json.js'

/** `skip`: such entries are left out and counted. */
export const blankRules = ['refuse', 'skip'] as const
export type BlankRule = (typeof blankRules)[number]

export interface ReadOptions {
  readonly columns?: Columns | undefined
  /** The values in its column of splits, if they are not the usual ones. */
  readonly splits?: SplitNames | undefined
  readonly duplicates?: DuplicateRule | undefined
  /** How entries with a blank input or answer are handled; default: an error. */
  readonly blanks?: BlankRule | undefined
  /** What was read before, if it is not a text file here; `file`: a name that shows its format. */
  readonly ahead?: { readonly file: string; readonly text: string } | undefined
}

/** A list ready for use, with notes for its user. */
export interface WordList {
  readonly pairs: readonly Pair[]
  readonly notes: readonly string[]
}

/**
 * A user's list, x -> y with further accepted answers (docs/datasets.md): CSV, TSV, JSON or JSON Lines. NFC, spaces
 * around texts dropped. Inputs given twice are merged or refused.
 * Errors: CONFIG naming what is wrong with file and line.
 */
export function readWordListFile(file: string, options: ReadOptions = {}): WordList {
  const { pairs: located, problems, notes } = scanWordListFile(file, options)
  refuseProblems(file, problems)
  const { pairs, notes: merged } = mergeDuplicates(file, located)
  const all = [...notes, ...merged, ...inPrompt(pairs), ...splitNotes(pairs)]
  return { pairs, notes: all.map((note) => `${file}: ${note}`) }
}

/** A file, or what was read ahead, that is one split of a list. */
export interface SplitFile extends Pick<ReadOptions, 'ahead'> {
  readonly file: string
}

/** A list whose splits are separate files. Errors: as `readWordListFile`. */
export function readSplitFiles(
  files: Partial<Readonly<Record<ListSplit, SplitFile>>>,
  options: Omit<ReadOptions, 'ahead' | 'splits'> = {},
): WordList {
  const notes: string[] = []
  const located = listSplits.flatMap((split) => {
    const source = files[split]
    if (!source) return []
    const { file, ahead } = source
    const found = scanWordListFile(file, { ...options, ahead })
    refuseProblems(file, found.problems)
    notes.push(...found.notes.map((note) => `${file}: ${note}`))
    return found.pairs.map(({ line, pair }) => ({ line, pair: { ...pair, split }, file }))
  })
  const { file = '' } = files.train ?? {}
  if (options.duplicates === 'refuse') refuseProblems(file, repeats(located))
  const { pairs, notes: merged } = mergeDuplicates(file, located)
  return { pairs, notes: [...notes, ...merged, ...inPrompt(pairs), ...splitNotes(pairs)] }
}

/**
 * Every readable entry with its line, including repeated inputs, and what is wrong with the others.
 * Errors: CONFIG if the file cannot be read at all or is empty.
 */
export function scanWordListFile(
  file: string,
  { columns, splits, duplicates = 'merge', blanks: rule = 'refuse', ahead }: ReadOptions = {},
): {
  readonly pairs: readonly LocatedPair[]
  readonly problems: readonly LineProblem[]
  readonly notes: readonly string[]
} {
  const { rows, problems, notes } = ahead
    ? rowsOf(ahead.file, ahead.text, columns)
    : rowsOf(file, readTextFile(file), columns)
  if (rows.length + problems.length === 0) throw new TaskvecError('CONFIG', `${file}: no pairs in it`)
  const hint = problems.length > 0 ? {} : { hint: toSkip }
  const blank = rows.filter((row) => blanks(row).length > 0)
  const pairs = rows
    .filter((row) => blanks(row).length === 0)
    .map((row) => ({ line: row.line, pair: pairOf(row, splits) }))
  const named = rows.flatMap(({ line, split }) => (split === undefined ? [] : [{ line, split }]))
  return {
    pairs,
    problems: [
      ...problems,
      ...(rule === 'refuse' ? blank.flatMap(blanks).map((problem) => ({ ...problem, ...hint })) : []),
      ...splitProblems(named, splits),
      ...(duplicates === 'refuse' ? repeats(pairs) : []),
    ],
    notes:
      rule === 'skip' && blank.length > 0
        ? [
            ...notes,
            `${blank.length} of ${rows.length} entries are left out, as their input or answer is blank`,
          ]
        : notes,
  }
}

function rowsOf(file: string, text: string, columns: Columns | undefined): Rows {
  if (/\.json$/i.test(file)) return jsonRows(file, text, columns)
  if (/\.(jsonl|ndjson)$/i.test(file)) return jsonLinesRows(text, columns)
  if (/\.(parquet|xlsx?|zip|gz)$/i.test(file))
    throw new TaskvecError('CONFIG', `${file}: lists are CSV, TSV, JSON, JSON Lines or Parquet`, {
      hint: 'Export it as one of these.',
    })
  return csvRows(file, text, columns)
}

const toSkip = 'Fill it in, or leave such entries out with blanks: skip, next to "list" in the config.'

function blanks({ line, cells: [input = '', answer = ''] }: Row): LineProblem[] {
  return [
    ...(input.trim() === '' ? [{ line, text: 'the input is blank' }] : []),
    ...(answer.trim() === '' ? [{ line, text: 'the answer is blank' }] : []),
  ]
}

function pairOf({ cells, split: value }: Row, names: SplitNames | undefined): Pair {
  const split = value === undefined ? undefined : splitNamed(value, names)
  const [input = '', output = '', ...accept] = cells.map((cell) => cell.trim().normalize('NFC'))
  const others = new Set(accept.filter((text) => text !== '' && text !== output))
  return { input, output, accept: [...others], ...(split ? { split } : {}) }
}

/** Texts that contain the prompt's separators are used as they are, with a warning. */
function inPrompt(pairs: readonly Pair[]): string[] {
  const count = (part: RegExp) =>
    pairs.filter(({ input, output }) => part.test(input) || part.test(output)).length
  const [lines, arrows] = [count(/[\r\n]/), count(/->/)]
  const of = (n: number, what: string) => `${n} of ${pairs.length} pairs contain ${what}`
  return [
    ...(lines > 0 ? [`${of(lines, 'a line break')}, which also separates demonstrations`] : []),
    ...(arrows > 0 ? [`${of(arrows, '"->"')}, which also separates x and y`] : []),
  ]
}
