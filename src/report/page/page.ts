import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { html, raw } from 'hono/html'
import { projectRoot } from '../../system/home.js'
import type { Figure } from '../../figures/figure.js'
import { visible } from '../cells.js'
import type { Block, Report, Section } from '../../figures/section.js'
import type { Table } from '../../figures/table.js'

type Html = ReturnType<typeof html>
type HtmlEscapedString = Exclude<Html, Promise<unknown>>

/** Tables longer than this are folded. */
const longTable = 24

/**
 * The report as one self-contained HTML text: figures are inlined as SVG, as are style and script, and its content
 * security policy allows only these. `svgs`: each figure by id, as `forPage` makes it.
 */
export function page(report: Report, svgs: ReadonlyMap<string, string>): string {
  const [style, script] = ['style.css', 'show-values.js'].map((name) =>
    readFileSync(join(projectRoot(), 'src', 'report', 'page', name), 'utf8'),
  ) as [string, string]
  const policy = `default-src 'none'; img-src data:; style-src ${sourceHash(style)}; script-src ${sourceHash(script)}; base-uri 'none'; form-action 'none'`
  const text = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${visible(report.title)}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<header>
<h1>${visible(report.title)}</h1>
<p>${visible(report.subtitle)}</p>
<nav aria-label="Contents"><ul>
${report.sections.map(({ id, title }) => html`<li><a href="#${id}">${visible(title)}</a></li>\n`)}</ul></nav>
</header>
<main>
${report.sections.map((section) => sectionHtml(section, svgs))}</main>
<div id="value" role="status" hidden></div>
<script>${raw(script)}</script>
</body>
</html>
`
  return (text as HtmlEscapedString).toString()
}

function sourceHash(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`
}

function sectionHtml({ id, title, blocks }: Section, svgs: ReadonlyMap<string, string>): Html {
  // Consecutive figures and tables are side by side where there is room; figures of several models, one at a time.
  const parts = groupsOf(blocks).map((group) => {
    if ('tables' in group)
      return html`<div class="tables">
${group.tables.map(tableHtml)}</div>
`
    if ('model' in group) return modelChooser(group.figures, svgs)
    if (!('figures' in group)) return blockHtml(group)
    return html`<div class="figures">
${group.figures.map((each) => figureHtml(each, svgs.get(each.id) ?? ''))}</div>
`
  })
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${visible(title)}</h2>
${parts}</section>
`
}

type Group =
  | { readonly figures: Figure[] }
  | { readonly model: true; readonly figures: Figure[] }
  | { readonly tables: Table[] }
  | Exclude<Block, { figure: Figure } | { table: Table }>

function groupsOf(blocks: readonly Block[]): Group[] {
  const groups: Group[] = []
  for (const block of blocks) {
    const last = groups.at(-1)
    if ('table' in block) {
      if (last && 'tables' in last) last.tables.push(block.table)
      else groups.push({ tables: [block.table] })
    } else if (!('figure' in block)) groups.push(block)
    else if (last && 'figures' in last && belongs(block.figure, last)) last.figures.push(block.figure)
    else
      groups.push({ figures: [block.figure], ...(block.figure.model === undefined ? {} : { model: true }) })
  }
  return groups
}

function belongs(figure: Figure, group: { readonly figures: readonly Figure[] }): boolean {
  const chooser = 'model' in group
  return chooser === (figure.model !== undefined) && (!chooser || group.figures[0]?.title === figure.title)
}

/** Disclosures that share a name: the browser keeps at most one open, without a script. */
function modelChooser(figures: readonly Figure[], svgs: ReadonlyMap<string, string>): Html {
  const title = visible(figures[0]?.title)
  const models = figures.map(
    (each, i) => html`<details name="${figures[0]?.id}"${i === 0 && raw(' open')}>
<summary>${visible(each.model)}</summary>
${figureHtml(each, svgs.get(each.id) ?? '')}</details>
`,
  )
  return html`<div class="models" role="group" aria-label="${title}, by model">
<h3>${title}, by model</h3>
${models}</div>
`
}

function blockHtml(block: Exclude<Block, { figure: Figure } | { table: Table }>): Html {
  if ('text' in block) return html`<p>${visible(block.text)}</p>\n`
  const lines = block.code.split('\n').map(visible).join('\n')
  return html`<details><summary>Config</summary><pre tabindex="0">${lines}</pre></details>\n`
}

function figureHtml({ id, title, subtitle, caption }: Figure, svg: string): Html {
  const values = svg.split(' data-value="').length
  const says = [title, subtitle, caption].filter(Boolean).join('. ')
  const label = `${says}${values > 1 ? ' Arrow keys read the values.' : ''}`
  return html`<figure id="${id}">
<div class="plot"><svg tabindex="0" role="img" aria-label="${visible(label)}"${raw(svg.slice('<svg'.length))}</div>
<figcaption>${visible(caption)} ${fileLinks(`figures/${id}`, { svg: 'SVG', png: 'PNG', csv: 'CSV' })}</figcaption>
</figure>
`
}

function tableHtml({ id, title, caption, columns, rows: all, shown: rows = all, align }: Table): Html {
  const right = alignments(align).map((isRight) => (isRight ? raw(' class="r"') : ''))
  const headed = Object.values(columns).some((name) => name !== '')
  const head = headers(Object.values(columns)).map(({ name, at, span }) =>
    span > 1
      ? html`<th colspan="${span}" class="over">${visible(name)}</th>`
      : html`<th${right[at]}>${visible(name)}</th>`,
  )
  const body = rows.map(
    (row) =>
      html`<tr>${Object.keys(columns).map((key, i) => html`<td${right[i]}>${visible(row[key])}</td>`)}</tr>\n`,
  )
  const long = rows.length > longTable
  return html`<details class="table"${long ? '' : ' open'}>
<summary>${visible(title)}${long && ` (${rows.length} rows)`}</summary>
<div class="scroll" tabindex="0" role="group" aria-label="${visible(title)}"><table>${headed && html`<thead><tr>${head}</tr></thead>`}<tbody>
${body}</tbody></table></div>
<p class="caption">${visible(caption)} ${fileLinks(`tables/${id}`, { csv: 'CSV', tex: 'LaTeX' })}</p>
</details>
`
}

/** A column without a name belongs to the one before: an interval to its accuracy. */
function headers(
  names: readonly string[],
): { readonly name: string; readonly at: number; readonly span: number }[] {
  return names.flatMap((name, at) => {
    if (name === '' && at > 0) return []
    const next = names.findIndex((other, i) => i > at && other !== '')
    return [{ name, at, span: (next < 0 ? names.length : next) - at }]
  })
}

function fileLinks(path: string, formats: Readonly<Record<string, string>>): Html {
  const links = Object.entries(formats).map(
    ([end, name], i) => html`${i > 0 && ' '}<a href="${path}.${end}">${name}</a>`,
  )
  return html`<span class="files">${links}</span>`
}

/** Which columns are right-aligned, from a LaTeX column specification such as `llrp{9cm}`. */
function alignments(align: string): boolean[] {
  return (align.match(/[lcr]|p\{[^}]*\}/g) ?? []).map((column) => column === 'r')
}
