import type { Value } from '../figures/table.js'

/** One value as text: for programs (JSON, CSV) and for readers (terminal, Markdown, LaTeX, HTML). */

export function jsonCell(value: Value | undefined): string {
  const text = JSON.stringify(plain(value))
  if (printableAscii.test(text)) return text
  // Beyond U+FFFF a character is two units, each escaped separately.
  return text.replace(unsafeInJson, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** RFC 4180, with line feeds as line ends. */
export function csvCell(value: Value | undefined): string {
  const text = String(plain(value) ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Whole numbers beyond 2^53 as text, blobs in hexadecimal. */
function plain(value: Value | undefined): string | number | boolean | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return value ?? null
}

/** Control characters that JSON allows within a string: DEL, C1 controls, marks that change text direction. */
const unsafeInJson = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu
const printableAscii = /^[\x20-\x7e]*$/

/** For readers: six digits, one line, no control characters. */
export function visible(value: Value | undefined): string {
  if (typeof value === 'number') return sixDigits(value)
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  const text = String(value ?? '')
  if (printableAscii.test(text)) return text
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => named[character] ?? `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

/** At most six significant digits, without trailing zeros. */
export function sixDigits(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const decimals = 5 - Math.floor(Math.log10(Math.abs(value)))
  if (!(decimals >= 0 && decimals <= 22)) return String(Number(value.toPrecision(6)))
  const scale = 10 ** decimals
  return String(Math.round(value * scale) / scale)
}
