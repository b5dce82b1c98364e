import { once } from 'node:events'
import type { Writable } from 'node:stream'

/**
 * Writes data to stdout. Where that is a terminal, nothing that it would obey goes there raw: tokens of a model can be
 * escape sequences. Files and pipes get the bytes as they are.
 */
export function toStdout(text: string): void {
  process.stdout.write(process.stdout.isTTY ? harmless(text) : text)
}

/**
 * Writes many pieces of data to stdout, no faster than they are read there: a slow reader of a pipe would otherwise have all
 * of them wait in this process's memory.
 */
export async function piecesToStdout(pieces: Iterable<string>): Promise<void> {
  await pump(pieces, process.stdout, process.stdout.isTTY ? harmless : undefined)
}

/** A piece is asked for once the stream has room for it. */
export async function pump(
  pieces: Iterable<string>,
  to: Writable,
  change?: (text: string) => string,
): Promise<void> {
  for (const piece of pieces) if (!to.write(change ? change(piece) : piece)) await once(to, 'drain')
}

/** Control characters but line feeds, and marks that turn the direction of text, as escapes. */
export function harmless(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}
