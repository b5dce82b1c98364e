/**
 * Writes data to stdout. Where that is a terminal, nothing that it would obey goes there raw: tokens of a model can be
 * escape sequences. Files and pipes get the bytes as they are.
 */
export function toStdout(text: string): void {
  process.stdout.write(process.stdout.isTTY ? harmless(text) : text)
}

/** Control characters but line feeds, and marks that turn the direction of text, as escapes. */
export function harmless(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}
