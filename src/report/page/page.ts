import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../system/home.js'
import { forPage } from '../figures/draw.js'
import type { Figure } from '../../figures/figure.js'
import { visible } from '../cells.js'
import type { Block, Report, Section } from '../../figures/section.js'
import type { Table } from '../../figures/table.js'

/** Tables longer than this are folded. */
const longTable = 24

/**
 * The report as one HTML text that asks for nothing: figures are in it as SVG, style and script too, and its content
 * security policy allows these and no other. `svgs`: each figure as drawn, by id.
 */
export function page(report: Report, svgs: ReadonlyMap<string, string>): string {
  const [style, script] = ['style.css', 'show-values.js'].map((name) =>
    readFileSync(join(projectRoot(), 'src', 'report', 'page', name), 'utf8'),
  ) as [string, string]
  const policy = `default-src 'none'; img-src data:; style-src ${sourceHash(style)}; script-src ${sourceHash(script)}; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(report.title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
<h1>${escape(report.title)}</h1>
<p>${escape(report.subtitle)}</p>
<nav aria-label="Contents"><ul>
${report.sections.map(({ id, title }) => `<li><a href="#${id}">${escape(title)}</a></li>`).join('\n')}
</ul></nav>
</header>
<main>
${report.sections.map((section) => sectionHtml(section, svgs)).join('\n')}
</main>
<div id="value" role="status" hidden></div>
<script>${script}</script>
</body>
</html>
`
}

function sourceHash(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`
}

function sectionHtml({ id, title, blocks }: Section, svgs: ReadonlyMap<string, string>): string {
  // Figures that follow each other stand side by side where there is room, those of several models one at a time.
  const parts = groupsOf(blocks).map((group) => {
    if ('model' in group) return modelChooser(group.figures, svgs)
    if (!('figures' in group)) return blockHtml(group)
    return `<div class="figures">\n${group.figures.map((each) => figureHtml(each, svgs.get(each.id) ?? '')).join('\n')}\n</div>`
  })
  return `<section id="${id}" aria-labelledby="${id}-title">\n<h2 id="${id}-title">${escape(title)}</h2>\n${parts.join('\n')}\n</section>`
}

type Group =
  | { readonly figures: Figure[] }
  | { readonly model: true; readonly figures: Figure[] }
  | Exclude<Block, { figure: Figure }>

function groupsOf(blocks: readonly Block[]): Group[] {
  const groups: Group[] = []
  for (const block of blocks) {
    const last = groups.at(-1)
    if (!('figure' in block)) groups.push(block)
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

/** Disclosures of which one is open: the browser closes the others, by their name, without a script. */
function modelChooser(figures: readonly Figure[], svgs: ReadonlyMap<string, string>): string {
  const title = figures[0]?.title ?? ''
  const models = figures.map(
    (each, i) => `<details name="${escape(figures[0]?.id ?? '')}"${i === 0 ? ' open' : ''}>
<summary>${escape(each.model ?? '')}</summary>
${figureHtml(each, svgs.get(each.id) ?? '')}
</details>`,
  )
  return `<div class="models" role="group" aria-label="${escape(title)}, by model">
<h3>${escape(title)}, by model</h3>
${models.join('\n')}
</div>`
}

function blockHtml(block: Exclude<Block, { figure: Figure }>): string {
  if ('text' in block) return `<p>${escape(block.text)}</p>`
  if ('code' in block)
    return `<details><summary>Config</summary><pre tabindex="0">${escape(block.code, '\n')}</pre></details>`
  return tableHtml(block.table)
}

function figureHtml({ id, title, subtitle, caption }: Figure, svg: string): string {
  const values = svg.split('aria-roledescription="').length
  const files = ['svg', 'png', 'csv'].map((end) => `<a href="figures/${id}.${end}">${end.toUpperCase()}</a>`)
  const drawn = forPage(svg).replace(
    '<svg',
    `<svg tabindex="0" role="img" aria-label="${escape(`${[title, subtitle, caption].filter(Boolean).join('. ')}${values > 1 ? ' Arrow keys read the values.' : ''}`)}"`,
  )
  return `<figure id="${id}">
<div class="plot">${drawn}</div>
<figcaption>${escape(caption)} <span class="files">${files.join(' ')}</span></figcaption>
</figure>`
}

function tableHtml({ id, title, caption, columns, rows, align }: Table): string {
  const keys = Object.keys(columns)
  const right = alignments(align)
  const cells = (tag: 'th' | 'td', texts: readonly string[]) =>
    texts.map((text, i) => `<${tag}${right[i] ? ' class="r"' : ''}>${escape(text)}</${tag}>`).join('')
  const head = Object.values(columns).some((name) => name !== '')
    ? `<thead><tr>${cells('th', Object.values(columns))}</tr></thead>`
    : ''
  const body = rows.map(
    (row) =>
      `<tr>${cells(
        'td',
        keys.map((key) => visible(row[key])),
      )}</tr>`,
  )
  const files = ['csv', 'tex'].map(
    (end) => `<a href="tables/${id}.${end}">${end === 'tex' ? 'LaTeX' : 'CSV'}</a>`,
  )
  return `<details class="table"${rows.length > longTable ? '' : ' open'}>
<summary>${escape(title)}${rows.length > longTable ? ` (${rows.length} rows)` : ''}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="${escape(title)}"><table>${head}<tbody>
${body.join('\n')}
</tbody></table></div>
<p class="caption">${escape(caption)} <span class="files">${files.join(' ')}</span></p>
</details>`
}

/** Which columns stand to the right, from a LaTeX column specification such as `llrp{9cm}`. */
function alignments(align: string): boolean[] {
  return (align.match(/[lcr]|p\{[^}]*\}/g) ?? []).map((column) => column === 'r')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Any text, safe as HTML and as an attribute; control characters are written out but for those in `keep`. */
function escape(text: string, keep = ''): string {
  const parts = keep === '' ? [text] : text.split(keep)
  return parts
    .map((part) => visible(part).replace(/[&<>"']/g, (character) => entities[character] as string))
    .join(keep)
}
