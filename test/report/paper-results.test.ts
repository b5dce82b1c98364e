import { describe, expect, it } from 'vitest'
import { cellsOf, compareCells, publishedCells, type Cell } from '../../src/report/compare.js'
import { bars, displayedTokens, isIncluded, learnedTasks, meanCurves } from '../../src/report/definitions.js'
import { paperResults } from '../../src/report/paper-results.js'

const published = paperResults()
const rows = Object.entries(published.main).flatMap(([model, tasks]) =>
  Object.entries(tasks).map(([task, row]) => ({ model, task, ...row })),
)

describe('from the published figures', () => {
  it('the same rule excludes what differs by less than 0.20, and what differs by just 0.20 stays', () => {
    // In hundredths, where no rounding can decide.
    const hundredths = (value: number) => Math.round(value * 100)
    for (const row of rows)
      expect(isIncluded(row)).toBe(hundredths(row.regular) - hundredths(row.baseline) >= 20)
    expect(isIncluded({ regular: 0.98, baseline: 0.78 })).toBe(true)
    expect(isIncluded({ regular: 0.97, baseline: 0.78 })).toBe(false)
  })

  it('the bars of Figure 4', () => {
    const table = bars(rows).map(
      ({ model, kind, mean, tasks }) => `${model} ${kind} ${mean.toFixed(3)} of ${tasks}`,
    )
    expect(table).toMatchInlineSnapshot(`
      [
        "gpt-j-6b baseline 0.119 of 18",
        "gpt-j-6b hypothesis 0.679 of 18",
        "gpt-j-6b regular 0.814 of 18",
        "llama-13b baseline 0.149 of 18",
        "llama-13b hypothesis 0.793 of 18",
        "llama-13b regular 0.868 of 18",
        "llama-30b baseline 0.111 of 17",
        "llama-30b hypothesis 0.772 of 17",
        "llama-30b regular 0.896 of 17",
        "llama-7b baseline 0.089 of 17",
        "llama-7b hypothesis 0.764 of 17",
        "llama-7b regular 0.852 of 17",
        "pythia-12b baseline 0.114 of 18",
        "pythia-12b hypothesis 0.732 of 18",
        "pythia-12b regular 0.819 of 18",
        "pythia-2.8b baseline 0.134 of 18",
        "pythia-2.8b hypothesis 0.717 of 18",
        "pythia-2.8b regular 0.829 of 18",
        "pythia-6.9b baseline 0.106 of 18",
        "pythia-6.9b hypothesis 0.712 of 18",
        "pythia-6.9b regular 0.818 of 18",
      ]
    `)
    expect(rows.filter((row) => !isIncluded(row)).map(({ model, task }) => `${model} ${task}`))
      .toMatchInlineSnapshot(`
      [
        "llama-30b algorithmic_list_first",
        "llama-7b algorithmic_list_first",
      ]
    `)
  })

  it('the curves of Figure 3 peak at the middle layers', () => {
    const cells = rows.flatMap(({ model, task, devAccuracyByLayer = [] }) =>
      devAccuracyByLayer.map((accuracy, layer) => ({
        model,
        task,
        category: 'custom' as const,
        layer,
        accuracy,
      })),
    )
    const curves = meanCurves(cells, new Map())
    for (const model of ['gpt-j-6b', 'llama-7b', 'pythia-6.9b']) {
      const curve = curves.filter((point) => point.model === model)
      const best = curve.reduce((a, b) => (b.mean > a.mean ? b : a))
      expect(best.depth).toBeGreaterThan(0.25)
      expect(best.depth).toBeLessThan(0.6)
      expect(best.tasks).toBe(learnedTasks(cells.filter((cell) => cell.model === model)).length)
    }
  })

  it('compared with itself is never higher or lower', () => {
    const cells = publishedCells(published)
    expect(cells).toHaveLength(7 * 18 * 3)
    expect(new Set(compareCells(cells, cells).map(({ verdict }) => verdict))).toEqual(new Set(['consistent']))
  })
})

describe('a comparison', () => {
  const cell = (correct: number, items: number, task = 'upper'): Cell => ({
    model: 'm',
    task,
    kind: 'regular',
    correct,
    items,
  })

  it.each([
    [cell(390, 400), cell(30, 50), 'higher'],
    [cell(100, 400), cell(45, 50), 'lower'],
    [cell(390, 400), cell(49, 50), 'consistent'],
    [cell(5, 10), cell(25, 50), 'too few items to tell'],
  ])('of %o with %o', (ours, theirs, verdict) => {
    expect(compareCells([ours], [theirs])[0]!.verdict).toBe(verdict)
  })

  it('counts how many are made', () => {
    const borderline = [cell(45, 50), cell(36, 50)] as const
    expect(compareCells([borderline[0]], [borderline[1]])[0]!.p).toBeLessThan(0.05)
    const many = Array.from({ length: 10 }, (_, i) => cell(45, 50, `t${i}`))
    const others = many.map(({ task }) => cell(36, 50, task))
    expect(compareCells(many, others).every(({ p }) => p > 0.05)).toBe(true)
  })

  it('leaves out what only one side has', () => {
    expect(compareCells([cell(1, 2, 'a')], [cell(1, 2, 'b')])).toEqual([])
    expect(cellsOf([])).toEqual([])
  })
})

describe('tokens for display', () => {
  it('are stripped, letters only, and differ in more than case', () => {
    expect(displayedTokens([' Paris', 'paris', '\n', '12', 'é', 'a b', 'θ', ' the', 'The'])).toEqual([
      'Paris',
      'é',
      'θ',
      'the',
    ])
    expect(displayedTokens(['a', 'b', 'c'], 2)).toEqual(['a', 'b'])
  })
})
