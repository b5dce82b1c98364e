import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { drawSvg } from './figures/draw.js'
import { drawPng } from './figures/png.js'
import { forPage, withTitles } from './figures/shown-values.js'
import type { Figure } from '../figures/figure.js'
import type { Row } from '../figures/table.js'
import { writeRows } from './formats.js'
import { page } from './page/page.js'
import type { Report } from '../figures/section.js'
import { tableLatex } from './table-latex.js'
import type { Table } from '../figures/table.js'

/** What was written, paths relative to the folder: also the file `report.json` in it. */
export interface Manifest {
  readonly title: string
  readonly page: string
  readonly figures: readonly Entry[]
  readonly tables: readonly Entry[]
}

interface Entry {
  readonly id: string
  readonly title: string
  readonly files: readonly string[]
}

const picturesAtOnce = 2
const manifestFile = 'report.json'

/**
 * Writes the page, each figure as SVG, PNG and CSV, each table as CSV and LaTeX. In a folder next to `folder` that takes its
 * name once it is complete; an older report there is replaced, and other files are not touched. Errors: USAGE.
 */
export async function writeReport(report: Report, folder: string): Promise<Manifest> {
  refuseOthers(folder)
  const made = join(dirname(folder), `.${basename(folder)}.${process.pid}`)
  try {
    for (const name of ['figures', 'tables']) mkdirSync(join(made, name), { recursive: true })
    const manifest = await writeFiles(report, made)
    replace(folder, made)
    return manifest
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

async function writeFiles(report: Report, folder: string): Promise<Manifest> {
  const blocks = report.sections.flatMap((section) => section.blocks)
  const figures = blocks.flatMap((block) => ('figure' in block ? [block.figure] : []))
  const tables = blocks.flatMap((block) => ('table' in block ? [block.table] : []))
  const inPage = new Map<string, string>()
  // PNGs are rendered on other threads while this one draws the next figure; only a few at once, to save memory.
  const pictures: Promise<void>[] = []
  for (const { id, ...figure } of figures) {
    const svg = await drawSvg({ id, ...figure })
    if (pictures.length >= picturesAtOnce) await pictures.shift()
    inPage.set(id, String(forPage(svg)))
    pictures.push(
      drawPng(String(svg)).then((png) => writeFileSync(join(folder, 'figures', `${id}.png`), png)),
    )
    writeFileSync(join(folder, 'figures', `${id}.svg`), String(withTitles(svg)))
    writeFileSync(join(folder, 'figures', `${id}.csv`), csv(Object.keys(figure.rows[0] ?? {}), figure.rows))
  }
  for (const table of tables) {
    writeFileSync(join(folder, 'tables', `${table.id}.csv`), csv(Object.keys(table.columns), table.rows))
    writeFileSync(join(folder, 'tables', `${table.id}.tex`), tableLatex(table))
  }
  await Promise.all(pictures)
  writeFileSync(join(folder, 'index.html'), page(report, inPage))
  const entry =
    (kind: string, ends: readonly string[]) =>
    ({ id, title }: Figure | Table): Entry => ({
      id,
      title,
      files: ends.map((end) => `${kind}/${id}.${end}`),
    })
  const manifest: Manifest = {
    title: report.title,
    page: 'index.html',
    figures: figures.map(entry('figures', ['svg', 'png', 'csv'])),
    tables: tables.map(entry('tables', ['csv', 'tex'])),
  }
  writeFileSync(join(folder, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

function csv(columns: readonly string[], rows: readonly Row[]): string {
  let text = ''
  writeRows(rows, columns, 'csv', (part) => (text += part))
  return text
}

function refuseOthers(folder: string): void {
  if (!existsSync(folder)) return
  const names = readdirSync(folder)
  if (names.length === 0 || names.includes(manifestFile)) return
  throw new TaskvecError('USAGE', `${folder}: holds other files than a report`, {
    hint: 'Name a folder with --out that is new, empty, or holds an older report. Nothing was written.',
  })
}

function replace(folder: string, made: string): void {
  const old = `${made}.old`
  if (existsSync(folder)) renameSync(folder, old)
  renameSync(made, folder)
  rmSync(old, { recursive: true, force: true })
}
