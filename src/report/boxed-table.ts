import stringWidth from 'string-width'

/**
 * A small table for the terminal, in a box, as cli-table3 draws its compact ones, which takes a quarter of a millisecond a row and
 * more the more there are: a sweep of a thousand models has 18,000. `right`: columns that are aligned to the right.
 */
export function boxedTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  right: readonly number[] = [],
): string {
  const texts = [head, ...rows.map((row) => row.map(String))]
  const widths = head.map((_, i) => texts.reduce((widest, row) => Math.max(widest, widthOf(row[i] ?? '')), 0))
  const rule = (left: string, cross: string, end: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(cross) + end
  const line = (row: readonly string[]) =>
    `│${widths
      .map((width, i) => {
        const text = row[i] ?? ''
        const space = ' '.repeat(width - widthOf(text))
        return right.includes(i) ? ` ${space}${text} ` : ` ${text}${space} `
      })
      .join('│')}│`
  return [
    rule('┌', '┬', '┐'),
    line(head),
    rule('├', '┼', '┤'),
    ...texts.slice(1).map(line),
    rule('└', '┴', '┘'),
  ].join('\n')
}

const ascii = /^[\x20-\x7e]*$/

/** Columns that a terminal gives a text. */
function widthOf(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text)
}
