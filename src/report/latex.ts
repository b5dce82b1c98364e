import { rendered, visible, type Values } from './formats.js'

/** A `tabular` with booktabs rules, line by line; `titles` replace the columns' keys as the head. Any text is safe inside. */
export function* latexLines(
  columns: readonly string[],
  rows: Iterable<Values>,
  { titles = columns, align = 'l' + 'r'.repeat(Math.max(0, columns.length - 1)) }: LatexLayout = {},
): Generator<string> {
  yield `% needs \\usepackage{booktabs}; XeLaTeX or LuaLaTeX where tokens are not Latin
\\begin{tabular}{${align}}
\\toprule
${titles.map(latexText).join(' & ')} \\\\
\\midrule
`
  const render = rendered((value) => latexText(visible(value)), columns.length)
  for (const row of rows) yield `${row.map(render).join(' & ')} \\\\\n`
  yield `\\bottomrule
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
