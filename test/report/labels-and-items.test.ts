import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/figures/section.js'
import { sweepReport } from '../../src/report/sweep-report.js'
import { writeReport } from '../../src/report/write.js'
import { openReadOnly } from '../../src/store/open.js'
import { openStore } from '../../src/store/store.js'
import { findSweep } from '../../src/store/sweeps.js'
import { newDatabase, runTask, sweep } from '../store/sample.js'

/** A sweep with a task that has a label, and one that has none. */

let report: Report
beforeAll(() => {
  const file = newDatabase()
  const store = openStore(file)
  const tasks = [
    { kind: 'builtin', id: 'upper', label: 'To capitals' },
    { kind: 'builtin', id: 'my_own' },
  ] as const
  store.createSweep(
    sweep('sample-1', { tasks: [...tasks], config: JSON.stringify({ name: 'sample', tasks }) }),
  )
  for (const { id } of tasks) runTask(store, 'sample-1', id, [0, 2, 3, 3])
  store.setSweepStatus('sample-1', 'complete')
  store.close()
  const db = openReadOnly(file)
  report = sweepReport(db, findSweep(db, undefined), null)
  db.close()
})

const tables = () =>
  report.sections.flatMap(({ blocks }) => blocks.flatMap((b) => ('table' in b ? [b.table] : [])))

describe('the report', () => {
  it('calls a task by its label, else by its id as it is written', () => {
    const table6 = tables().find(({ id }) => id === 'table-6')
    expect(table6?.rows.map(({ task }) => task)).toEqual(['To capitals', 'my_own'])
    const table5 = tables().find(({ id }) => id === 'table-5')
    expect(table5?.rows.map(({ task, label }) => [task, label])).toEqual([
      ['upper', 'To capitals'],
      ['my_own', null],
    ])
    const figures = report.sections.flatMap(({ blocks }) =>
      blocks.flatMap((b) => ('figure' in b ? [b.figure] : [])),
    )
    const byLayer = figures.find(({ id }) => id === 'by-layer-m')
    expect(JSON.stringify(byLayer?.spec)).toContain('"name":"To capitals"')
    expect(JSON.stringify(byLayer?.spec)).toContain('"name":"my_own"')
  })

  it('shows of each task items that are right and wrong, and has all of them in a file', async () => {
    const items = tables().find(({ id }) => id === 'items-m')
    expect(items?.rows).toHaveLength(8)
    expect(items?.shown?.map(({ task, right, rank }) => [task, right, rank])).toEqual(
      ['To capitals', 'my_own'].flatMap((task) => [
        [task, 'right', 1],
        [task, 'right', 2],
        [task, 'wrong', 4],
      ]),
    )
    const folder = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'report')
    await writeReport(report, folder)
    expect(
      readFileSync(join(folder, 'tables', 'items-m.csv'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(9)
    // And the example of Table 5.
    expect(readFileSync(join(folder, 'index.html'), 'utf8').match(/upper-test-\d/g)).toHaveLength(3 + 1)
  })

  it('gives the effect of a model in numbers, with the type of its weights', () => {
    const summary = tables().find(({ id }) => id === 'summary')
    expect(summary?.rows).toMatchObject([
      {
        model: 'm',
        weights: 'F32',
        tasks: '2 of 2',
        hypothesis: '0.75',
        regular: '1.00',
        recovered: '75 %',
        peak: '2 of 4',
      },
    ])
  })
})
