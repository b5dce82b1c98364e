import type { Value } from './formats.js'

/** One value as text: for machines (JSON, CSV) and for people's eyes. */

/** Texts of a column that are kept rendered: tokens and queries come again and again. */
const keptTexts = 10_000

/** Values by column, each rendered once where it is the same as in the row before, texts where they came lately. */
export function rendered(render: (value: Value | undefined) => string, columns: number) {
  const last = new Array<Value | undefined>(columns).fill(undefined)
  const texts = last.map(render)
  const known = new Map<string, string>()
  const ofText = (value: string): string => {
    const found = known.get(value)
    if (found !== undefined) return found
    if (known.size >= keptTexts) known.clear()
    const text = render(value)
    known.set(value, text)
    return text
  }
  return (value: Value | undefined, i: number): string => {
    if (value === last[i]) return texts[i] as string
    // Numbers are seldom the same twice.
    if (typeof value === 'number') return render(value)
    last[i] = value
    return (texts[i] = typeof value === 'string' ? ofText(value) : render(value))
  }
}

/** As it stands in JSON and CSV: whole numbers beyond 2^53 as text, blobs in hexadecimal. */
function plain(value: Value | undefined): string | number | boolean | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return value ?? null
}

/** What a terminal obeys though JSON allows it within a string: DEL, C1 controls, marks that turn the direction of text. */
const unsafeInJson = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu

export function jsonValue(value: Value | undefined): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
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

/** RFC 4180, with line feeds as line ends. */
export function field(value: Value | undefined): string {
  if (typeof value === 'number') return String(value)
  const text = String(plain(value) ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const printableAscii = /^[\x20-\x7e]*$/

/** For people's eyes: six digits, one line, and nothing that a terminal would obey. */
export function visible(value: Value | undefined): string {
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : sixDigits(value))
  if (value === null || value === undefined) return ''
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  const text = String(value)
  if (printableAscii.test(text)) return text
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => named[character] ?? `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}

/** Like toPrecision(6), ten times faster where the powers of ten are exact. */
function sixDigits(value: number): number {
  const digits = 5 - Math.floor(Math.log10(Math.abs(value)))
  if (!(digits >= 0 && digits <= 22)) return Number(value.toPrecision(6))
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

/** For a cell of a Markdown table. */
export function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')
}
