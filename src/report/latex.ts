import { visible, type Row } from './formats.js'

/** A `tabular` with booktabs rules; `titles` replace the columns' keys as the head. Any text is safe inside. */
export function latexTable(
  columns: readonly string[],
  rows: Iterable<Row>,
  { titles = columns, align = 'l' + 'r'.repeat(Math.max(0, columns.length - 1)) }: LatexLayout = {},
): string {
  const body = Array.from(
    rows,
    (row) => `${columns.map((column) => latexText(visible(row[column]))).join(' & ')} \\\\\n`,
  )
  return `% needs \\usepackage{booktabs}; XeLaTeX or LuaLaTeX where tokens are not Latin
\\begin{tabular}{${align}}
\\toprule
${titles.map(latexText).join(' & ')} \\\\
\\midrule
${body.join('')}\\bottomrule
\\end{tabular}
`
}

export interface LatexLayout {
  readonly titles?: readonly string[]
  /** Column specification of `tabular`. */
  readonly align?: string
}

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '&': '\\&',
  '%': '\\%',
  $: '\\$',
  '#': '\\#',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '→': '$\\to$',
  θ: '$\\theta$',
}

function latexText(text: string): string {
  return text.replace(/[\\{}&%$#_~^→θ]/g, (character) => special[character] as string)
}
