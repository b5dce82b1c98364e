import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import type { Report } from '../../src/figures/section.js'
import { sweepReport } from '../../src/report/sweep-report.js'
import { writeReport } from '../../src/report/write.js'
import { openReadOnly } from '../../src/store/open.js'
import { findSweep } from '../../src/store/sweeps.js'
import { hostile, writeSample } from './sample-database.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-report-'))
const database = join(folder, 'sample.db')
const out = join(folder, 'report')
let report: Report

beforeAll(() => {
  writeSample(database)
  const db = openReadOnly(database)
  report = sweepReport(db, findSweep(db, undefined), null)
  db.close()
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('a report', () => {
  it('is the files that its manifest names, and no others; the same for the same rows', async () => {
    const manifest = await writeReport(report, out)
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const named = [...manifest.figures, ...manifest.tables].flatMap(({ files }) => files)
    expect(files).toHaveLength(named.length + 2)
    for (const file of named) expect(existsSync(join(out, file)), file).toBe(true)
    const first = named.map((file) => readFileSync(join(out, file), 'base64'))
    const page = readFileSync(join(out, 'index.html'), 'utf8')

    await writeReport(report, out)
    expect(named.filter((file, i) => readFileSync(join(out, file), 'base64') !== first[i])).toEqual([])
    expect(readFileSync(join(out, 'index.html'), 'utf8')).toBe(page)
  })

  it('has each table in CSV and LaTeX with the same rows', async () => {
    for (const { blocks } of report.sections)
      for (const block of blocks) {
        if (!('table' in block)) continue
        const { id, rows, columns } = block.table
        const csv = parse(readFileSync(join(out, 'tables', `${id}.csv`)), { columns: true })
        expect(csv, id).toHaveLength(rows.length)
        const tex = readFileSync(join(out, 'tables', `${id}.tex`), 'utf8')
        expect(tex.split('\\\\\n').length - 2, id).toBe(rows.length)
        expect(Object.keys(columns).length).toBeGreaterThan(1)
      }
  })

  it('reports what was run, left out and failed, without paths of the machine', () => {
    const page = readFileSync(join(out, 'index.html'), 'utf8')
    for (const said of [
      '0.0.0',
      '1111111111111111',
      'Some CPU',
      'no common inputs',
      'it &lt;died&gt;',
      'only 12 pairs remain',
      'Left out of Figure 4',
    ])
      expect(page).toContain(said)
    for (const unsaid of ['secret-host', '/home/someone', hostile.token.trim(), '<died>', '<b>'])
      expect(page).not.toContain(unsaid)
  })

  it('begins with the finding and has no sections for experiments that were not run', () => {
    const file = join(folder, 'main-only.db')
    writeSample(file, 'main')
    const db = openReadOnly(file)
    const { sections } = sweepReport(db, findSweep(db, undefined), null)
    db.close()
    expect(sections.map(({ id }) => id)).toEqual(['finding', 'main', 'comparison', 'run', 'failures'])
    const said = sections[0]?.blocks.map((block) => ('text' in block ? block.text : '')).join('\n')
    expect(said).toMatch(
      /Without demonstrations, θ alone reaches an accuracy of 0\.\d\d(?: to 0\.\d\d)?, against/,
    )
    expect(said).toMatch(
      /works best when patched in at a depth of 0\.\d\d(?: to 0\.\d\d)? \(.+ L = \d+ of \d+/,
    )
  })

  it('does not overwrite other files, and leaves nothing partial', async () => {
    const mine = join(folder, 'mine')
    mkdirSync(mine)
    writeFileSync(join(mine, 'thesis.tex'), 'mine')
    await expect(writeReport(report, mine)).rejects.toThrow('holds other files than a report')
    expect(readdirSync(mine)).toEqual(['thesis.tex'])

    const broken: Report = {
      ...report,
      sections: [
        {
          id: 'x',
          title: 'x',
          blocks: [
            {
              figure: {
                id: 'x',
                title: 'x',
                caption: '',
                rows: [],
                spec: {
                  data: { values: [] },
                  mark: 'bar',
                  encoding: {
                    x: { field: 'a', type: 'nominal', axis: { grid: true }, scale: { type: 'log' } },
                  },
                },
              },
            },
          ],
        },
      ],
    }
    const before = readFileSync(join(out, 'index.html'), 'utf8')
    await expect(writeReport(broken, out)).rejects.toThrow()
    expect(readFileSync(join(out, 'index.html'), 'utf8')).toBe(before)
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

describe('taskvec report', () => {
  it('is written beside the database by default', async () => {
    await main(['node', 'taskvec', 'report', '--db', database])
    expect(existsSync(join(folder, 'reports', 'sample-00000001', 'index.html'))).toBe(true)
  })
})
