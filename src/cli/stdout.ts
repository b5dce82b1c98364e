import { once } from 'node:events'
import type { Writable } from 'node:stream'

/**
 * Writes data to stdout. On a terminal, control characters are escaped, since a model's tokens can form escape sequences; files and
 * pipes get the text unchanged.
 */
export function toStdout(text: string): void {
  process.stdout.write(process.stdout.isTTY ? harmless(text) : text)
}

/** The same for many pieces, with backpressure: they do not pile up in memory if a pipe is read slowly. */
export async function piecesToStdout(pieces: Iterable<string>): Promise<void> {
  await pump(pieces, process.stdout, process.stdout.isTTY ? harmless : undefined)
}

/** Takes the next piece only once the stream has room for it. */
export async function pump(
  pieces: Iterable<string>,
  to: Writable,
  change?: (text: string) => string,
): Promise<void> {
  for (const piece of pieces) if (!to.write(change ? change(piece) : piece)) await once(to, 'drain')
}

/** Escapes control characters (but line feeds) and format characters, such as those that change text direction. */
export function harmless(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}
