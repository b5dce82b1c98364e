import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { compareCells, compareEach, sameModel } from '../../src/report/compare.js'
import { curvePoints } from '../../src/report/comparison-cells.js'
import { sweepSide } from '../../src/report/comparison-sides.js'
import { drawSvg } from '../../src/report/figures/draw.js'
import type { Figure } from '../../src/figures/figure.js'
import { renderMainTable } from '../../src/report/main-table.js'
import { overSettings } from '../../src/report/group-rows.js'
import { resultRows } from '../../src/report/result-rows.js'
import { sweepRows } from '../../src/report/sweep-rows.js'
import { main } from '../../src/experiments/main/main.js'
import type { ResultRows } from '../../src/experiments/sweep-rows.js'
import { meanScores } from '../../src/store/mean-scores.js'
import { openReadOnly } from '../../src/store/open.js'
import { mainResults } from '../../src/store/results.js'
import { settingsOfGroup } from '../../src/store/settings.js'
import { openStore } from '../../src/store/store.js'
import { findSweep } from '../../src/store/sweeps.js'
import { newDatabase, prepared, runTask, sweep } from '../store/sample.js'

/** `graded-1`: one task scored by F1, whole answers, one scored exactly; `exact-1`: both exactly. */
const file = newDatabase()
const store = openStore(file)
for (const id of ['graded-1', 'exact-1']) {
  store.createSweep(sweep(id))
  const scoring =
    id === 'graded-1' ? ('{"answer":{"maxTokens":4,"stop":[]},"rule":"f1 0.5"}' as const) : 'exact'
  runTask(store, id, 'upper', [0, 2], 'm', prepared('upper', { scoring }))
  runTask(store, id, 'first', [1, 1])
}
store.close()
const writer = new Database(file)
// A right answer of 4 items scores 0.8, a wrong one 0.1 x its number.
writer.exec(
  `update predictions set score = iif(correct, 0.8, item * 0.1) where run_id in (select r.id from runs r
   join (select sweep_id, model_id, task_id, run_key from sweep_runs union all select sweep_id, model_id, task_id, run_key from cells) s
   on s.run_key = r.key where s.sweep_id = 'graded-1' and s.task_id = 'upper')`,
)
writer.close()
const db = openReadOnly(file)
const [graded, exact] = [findSweep(db, 'graded-1'), findSweep(db, 'exact-1')]

function named({ columns, rows }: ResultRows): Record<string, unknown>[] {
  const names = Object.keys(columns)
  return Array.from(rows, (row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
}

describe('the means of graded scores', () => {
  // Baseline: none of two right; hypothesis: three of four; regular: all.
  const means = { baselineMeanScore: 0.05, hypothesisMeanScore: (3 * 0.8 + 0.3) / 4, regularMeanScore: 0.8 }

  it('are next to the accuracies of graded tasks, and in no table of a sweep without one', () => {
    const [upper, first] = named(resultRows(db, 'main', graded, {}))
    for (const [name, mean] of Object.entries(means)) {
      expect(upper?.[name]).toBeCloseTo(mean, 12)
      expect(first?.[name]).toBeNull()
    }
    expect(upper).toMatchObject({ hypothesis: 0.75 })
    const layers = named(resultRows(db, 'layers', graded, {}))
    expect(layers.map(({ task, layer, meanScore }) => [task, layer, meanScore])).toEqual([
      ['upper', 0, expect.closeTo(0.1, 12)],
      ['upper', 1, expect.closeTo(0.6, 12)],
      ['first', 0, null],
      ['first', 1, null],
    ])
    for (const table of ['main', 'layers'])
      for (const format of ['json', 'csv'] as const)
        expect(Object.keys(resultRows(db, table, exact, {}, format).columns).join()).not.toMatch(/meanScore/i)
  })

  it('are averaged over settings like accuracies', () => {
    const [upper] = named(overSettings(db, 'main', settingsOfGroup(db, graded), ['prompt'], {}, 'settings'))
    expect(upper?.['hypothesisMeanScore']).toBeCloseTo(means.hypothesisMeanScore, 12)
    expect(upper).toMatchObject({ prompt: 'arrow', hypothesisMeanScoreSd: null })
  })

  it('are columns of the table for terminals, and a table of the report', () => {
    const text = renderMainTable(mainResults(db, graded.id), { scores: meanScores(db, graded.id) })
    expect(text.split('\n')[1]).toMatch(/hypothesis │ 95 % .*│ *1st │ score │ regular │/)
    expect(text).toMatch(/upper .*│ +0.68 │/)
    expect(renderMainTable(mainResults(db, exact.id), { scores: meanScores(db, exact.id) })).not.toContain(
      'score',
    )
    const tables = (sweep: typeof graded) =>
      main.section
        ?.blocks(sweepRows(db, sweep))
        .flatMap((block) => ('table' in block ? [block.table] : [])) ?? []
    expect(tables(graded).find(({ id }) => id === 'mean-scores')?.rows).toMatchObject([
      { baseline: '0.05 (0.00)', hypothesis: '0.68 (0.75)', regular: '0.80 (1.00)' },
    ])
    expect(tables(exact).find(({ id }) => id === 'mean-scores')).toBeUndefined()
  })

  it('are columns of compare, and a curve of the report', async () => {
    const [ours, theirs] = [sweepSide(db, graded), sweepSide(db, exact)]
    const cells = compareCells(ours.main(), theirs.main())
    expect(cells.find(({ task, kind }) => task === 'upper' && kind === 'hypothesis')).toMatchObject({
      ourMeanScore: expect.closeTo(means.hypothesisMeanScore, 12) as unknown,
      theirMeanScore: null,
    })
    const curves = curvePoints(ours.curves(), ours.curves(), sameModel).map(({ cells }) => cells)
    expect(compareEach(curves)[1]).toMatchObject({
      task: 'upper',
      ourMeanScore: expect.closeTo(0.6, 12) as unknown,
    })
    expect(compareCells(theirs.main(), theirs.main())[0]).not.toHaveProperty('ourMeanScore')
    const figures = (sweep: typeof graded) =>
      main.section
        ?.blocks(sweepRows(db, sweep))
        .flatMap((block) => ('figure' in block ? [block.figure] : []))
        .filter(({ id }) => id.startsWith('scores-by-layer')) ?? []
    expect(figures(exact)).toEqual([])
    const [curve] = figures(graded)
    expect(curve?.rows).toHaveLength(2)
    expect(String(await drawSvg(curve as Figure))).toContain('mean score 0.60')
  })
})
