import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bars, isIncluded } from '../../src/figures/paper-rules.js'
import { barsByModel } from '../../src/experiments/main/bars.js'
import { drawSvg } from '../../src/report/figures/draw.js'
import { forPage, withTitles } from '../../src/report/figures/shown-values.js'
import type { Figure } from '../../src/figures/figure.js'
import { drawPng } from '../../src/report/figures/png.js'
import { paperResults } from '../../src/report/paper-results.js'
import { publishedRows } from '../../src/report/published-rows.js'
import { publishedReport } from '../../src/report/sections/published.js'
import type { Report } from '../../src/figures/section.js'
import { sweepReport } from '../../src/report/sweep-report.js'
import { openReadOnly } from '../../src/store/open.js'
import { findSweep } from '../../src/store/sweeps.js'
import { hostile, writeSample } from './sample-database.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-figures-'))
let figures: Figure[]

beforeAll(() => {
  const file = join(folder, 'sample.db')
  writeSample(file)
  const db = openReadOnly(file)
  figures = figuresOf(sweepReport(db, findSweep(db, undefined), null))
  db.close()
})

afterAll(() => rmSync(folder, { recursive: true }))

function figuresOf({ sections }: Report): Figure[] {
  return sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => ('figure' in block ? [block.figure] : [])),
  )
}

/** One of each kind: the first model's, and those of all models together. */
const drawn = [
  'figure-3-by-layer',
  'figure-3-by-depth',
  'by-layer',
  'by-layer-alpha-1b',
  'figure-4',
  'by-task-alpha-1b',
  'figure-5-alpha-1b',
  'figure-9-alpha-1b',
  'dominance',
  'projected-answers',
  'head-effects-alpha-1b',
  'layer-effects-alpha-1b',
  'function-vectors-alpha-1b',
  'geometry-alpha-1b',
  'natural-text-alpha-1b',
  'probing-alpha-1b',
  'attention-alpha-1b',
  'state-vectors-alpha-1b',
  'learned-theta-alpha-1b',
  'demonstration-sets',
  'other-ways',
  'layer-transfer-alpha-1b',
  'template-transfer',
  'decodability',
  'transfer-alpha-1b',
  'figure-4-published',
  'differences-llama-7b',
  'curves-beside-llama-7b',
]

describe('the figures of a fixed database', () => {
  // Seen by eye as PNG when they were accepted; npx vitest run test/report -u draws them anew.
  it.each(drawn)('%s', async (id) => {
    const figure = figures.find((figure) => figure.id === id)
    expect(figure, id).toBeDefined()
    await expect(String(await drawSvg(figure as Figure))).toMatchFileSnapshot(`../golden/figures/${id}.svg`)
  })

  it('are these for each model, and no others', () => {
    const ids = figures.map(({ id }) => id.replace('llama-7b', 'alpha-1b'))
    expect(new Set(ids)).toEqual(new Set(drawn.map((id) => id.replace('llama-7b', 'alpha-1b'))))
  })

  it('each shows as many values on hover as it has marks, in its file and in the page', async () => {
    for (const figure of figures) {
      const tree = await drawSvg(figure)
      const svg = String(tree)
      const marks = svg.split('role="graphics-symbol" aria-roledescription="').length - 1
      const axes =
        svg.split('aria-roledescription="axis"').length +
        svg.split('aria-roledescription="legend"').length -
        2
      const titles = svg.split('aria-roledescription="title"').length - 1
      const values = String(withTitles(tree)).split('<title>').length - 1
      expect(values, figure.id).toBeGreaterThan(0)
      expect(marks - axes - titles, figure.id).toBeGreaterThanOrEqual(0)
      expect(String(forPage(tree)).split('data-value="').length - 1, figure.id).toBe(values)
    }
  })

  it('contain foreign names as text only', async () => {
    for (const figure of figures) {
      const svg = String(await drawSvg(figure))
      // eslint-disable-next-line no-control-regex
      expect(svg, figure.id).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/)
      expect(svg, figure.id).not.toContain('<b>')
      expect(svg, figure.id).not.toContain('</script>')
    }
    const templates = String(await drawSvg(figures.find(({ id }) => id === 'template-transfer') as Figure))
    expect(templates).toContain('Q\\u{1b}[31m{x}&lt;/script&gt;')
    expect(hostile.template).toContain('\u001b')
  })

  it('can be rendered as PNG, with letters in them', async () => {
    const svg = String(await drawSvg(figures[0] as Figure))
    const [picture, wordless] = await Promise.all([
      drawPng(svg),
      drawPng(svg.replace(/<text.*?<\/text>/g, '')),
    ])
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    expect(picture.equals(wordless)).toBe(false)
  })
})

describe('beside another sweep', () => {
  it('Tables 6 and 2 and the curves have a figure per model and a table each, here beside themselves', async () => {
    const db = openReadOnly(join(folder, 'sample.db'))
    const sweep = findSweep(db, undefined)
    const section = sweepReport(db, sweep, sweep).sections.find(({ id }) => id === 'comparison')
    db.close()
    const blocks = section?.blocks ?? []
    expect(blocks.flatMap((block) => ('figure' in block ? [block.figure.id] : []))).toEqual(
      ['differences', 'differences-conflicting', 'curves-beside'].flatMap((id) => [
        `${id}-alpha-1b`,
        `${id}-llama-7b`,
      ]),
    )
    const tables = blocks.flatMap((block) => ('table' in block ? [block.table] : []))
    expect(tables.map(({ id }) => id)).toEqual(['comparison', 'comparison-conflicting', 'comparison-layers'])
    for (const { id, rows } of tables) {
      expect(rows.length, id).toBeGreaterThan(0)
      for (const { verdict } of rows) expect(['consistent', 'too few items to tell'], id).toContain(verdict)
    }
    const texts = blocks.flatMap((block) => ('text' in block ? [block.text] : []))
    expect(texts).toHaveLength(3)
    for (const said of texts) expect(said).not.toMatch(/higher|lower/)
    const figure = blocks.flatMap((block) => ('figure' in block ? [block.figure] : []))[2] as Figure
    expect(String(await drawSvg(figure))).toContain('next letter, θ of to upper')
  })
})

describe('from the published figures', () => {
  it('Figure 4 has a bar as high as each mean', async () => {
    const rows = publishedRows(paperResults())
    const figure = barsByModel(bars(rows), rows.filter((row) => !isIncluded(row)).length) as Figure
    const svg = String(await drawSvg(figure))
    for (const { model, kind, mean, tasks } of bars(rows)) {
      const height = new RegExp(
        `aria-label="${model}, ${kind}: ${mean.toFixed(2)} [^"]* over ${tasks} tasks"[^>]* d="M[\\d.]+,[\\d.]+h[\\d.]+v([\\d.]+)`,
      ).exec(svg)
      expect(Number(height?.[1]) / 220).toBeCloseTo(mean, 3)
    }
    expect(figure.caption).toContain('2 left out')
  })

  it('the report names the two pairs that the rule leaves out', () => {
    const [, main] = publishedReport(paperResults()).sections
    const excluded = main?.blocks.flatMap((block) =>
      'table' in block && block.table.id === 'excluded' ? [block.table] : [],
    )[0]
    expect(excluded?.rows.map(({ model, task }) => `${String(model)} ${String(task)}`)).toEqual([
      'llama-30b list first',
      'llama-7b list first',
    ])
  })
})
