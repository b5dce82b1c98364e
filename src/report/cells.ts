import type { Value, Values } from '../figures/table.js'
import { sixDigits } from './six-digits.js'

/** One value as text: for machines (JSON, CSV) and for people's eyes (terminal, Markdown, LaTeX). */

export type CellText = (value: Value | undefined) => string
type OtherThanNumber = Exclude<Value, number> | undefined

/** Texts that are kept rendered: tokens and queries come again and again. */
const keptTexts = 10_000

export function jsonCell(): CellText {
  return keeping((value) => (Number.isFinite(value) ? exact(value) : 'null'), json)
}

/** RFC 4180, with line feeds as line ends. */
export function csvCell(): CellText {
  return keeping(exact, csv)
}

/** `escape`: what the format would take for its own; a number holds nothing of that kind. */
export function visibleCell(escape: (text: string) => string = (text) => text): CellText {
  return keeping(sixDigits, (value) => escape(visible(value)))
}

/** Texts that came lately are not rendered again. */
function keeping(number: (value: number) => string, other: (value: OtherThanNumber) => string): CellText {
  const known = new Map<string, string>()
  const ofText = (value: string): string => {
    const found = known.get(value)
    if (found !== undefined) return found
    if (known.size >= keptTexts) known.clear()
    const text = other(value)
    known.set(value, text)
    return text
  }
  return (value) =>
    typeof value === 'number' ? number(value) : typeof value === 'string' ? ofText(value) : other(value)
}

/** Rows of so many cells. A row mostly begins as the one before it did: the text of that is kept. */
export function rowOf(
  columns: number,
  cell: (value: Value | undefined, i: number) => string,
): (row: Values) => string {
  let before: Values = []
  let kept = 0
  let beginning = ''
  return (row) => {
    let same = 0
    while (same < columns && row[same] === before[same]) same++
    if (same !== kept) {
      beginning = ''
      for (let i = 0; i < same; i++) beginning += cell(row[i], i)
      kept = same
    }
    let text = beginning
    for (let i = same; i < columns; i++) text += cell(row[i], i)
    before = row
    return text
  }
}

/** The shortest text that reads back as the same number. JSON's is made faster than String's. */
function exact(value: number): string {
  return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : JSON.stringify(value)
}

/** Whole numbers beyond 2^53 as text, blobs in hexadecimal. */
function plain(value: OtherThanNumber): string | number | boolean | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return value ?? null
}

/** What a terminal obeys though JSON allows it within a string: DEL, C1 controls, marks that turn the direction of text. */
const unsafeInJson = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu

function json(value: OtherThanNumber): string {
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  const text = JSON.stringify(plain(value))
  if (printableAscii.test(text)) return text
  // Beyond U+FFFF a character is two units, each with an escape of its own.
  return text.replace(unsafeInJson, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

function csv(value: OtherThanNumber): string {
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  const text = String(plain(value) ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const printableAscii = /^[\x20-\x7e]*$/

/** For people's eyes: six digits, one line, and nothing that a terminal would obey. */
export function visible(value: Value | undefined): string {
  if (typeof value === 'number') return sixDigits(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value === null || value === undefined) return ''
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  const text = String(value)
  if (printableAscii.test(text)) return text
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => named[character] ?? `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }
