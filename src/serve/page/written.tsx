/** Text with invisible characters made visible: white space at its ends or repeated, line feeds, tabs, control characters. */
export function Written({ text }: { text: string }) {
  return <code class="written">{marked(text)}</code>
}

function marked(text: string): string {
  if (text === '') return '∅'
  const signs: Readonly<Record<string, string>> = { '\n': '↵', '\t': '⇥', '\r': '␍', '\u00a0': '⍽' }
  return text
    .replace(/^ +| +$| {2,}/g, (spaces) => '␣'.repeat(spaces.length))
    .replace(/[\p{Cc}\p{Cf}\u00a0]/gu, (sign) => signs[sign] ?? `\\u{${sign.codePointAt(0)?.toString(16)}}`)
}

/** x → y, visually separate from the next pair. */
export function Pair({ input, output }: { input: string; output: string }) {
  return (
    <span class="pair">
      <Written text={input} /> → <Written text={output} />
    </span>
  )
}
