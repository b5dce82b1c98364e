import { visible } from './cells.js'
import type { Value, Values } from '../figures/table.js'
import type { TextLayout } from './text-format.js'

/** A `tabular` with booktabs rules; `titles` replace the columns' keys in the head. Any text is escaped. */
export function latexLayout(
  columns: readonly string[],
  { titles = columns, align = 'l' + 'r'.repeat(Math.max(0, columns.length - 1)) }: LatexOptions = {},
): TextLayout {
  const cells = repeated((value) => (typeof value === 'number' ? visible(value) : latexText(visible(value))))
  return {
    head: `% needs \\usepackage{booktabs}; XeLaTeX or LuaLaTeX where tokens are not Latin
\\begin{tabular}{${align}}
\\toprule
${titles.map(latexText).join(' & ')} \\\\
\\midrule
`,
    row: (row) => `${cells(row).join(' & ')} \\\\\n`,
    separator: '',
    tail: `\\bottomrule
\\end{tabular}
`,
  }
}

export interface LatexOptions {
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

/** Cells row by row: most texts repeat those of the row before, and escaping is slow. */
function repeated(cell: (value: Value) => string): (row: Values) => string[] {
  const before: Value[] = []
  const texts: string[] = []
  return (row) =>
    row.map((value, i) => {
      if (value === before[i]) return texts[i] as string
      before[i] = value
      return (texts[i] = cell(value))
    })
}
