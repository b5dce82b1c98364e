/** A text as one word of a suggested command: quoted if a shell would split or change it. */
export function shellWord(text: string): string {
  return /^[\p{L}\p{N}@%+=:,./_-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
