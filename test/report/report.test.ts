import { describe, expect, it } from 'vitest'
import type { Row } from '../../src/figures/table.js'
import { writeRows } from '../../src/report/formats.js'
import { renderMainTable } from '../../src/report/main-table.js'
import { wilsonInterval } from '../../src/statistics/wilson.js'

function written(
  rows: readonly Row[],
  columns: readonly string[],
  format: 'json' | 'csv' | 'md' | 'table',
): string {
  let text = ''
  writeRows(rows, columns, format, (part) => (text += part))
  return text
}

describe("Wilson's interval", () => {
  // Newcombe 1998, table I, method 3, where four digits are given; the others follow from its formula by hand.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i: %f to %f', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials)
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
    // What is right for successes is right for failures.
    const mirrored = wilsonInterval(trials - successes, trials)
    expect(mirrored.low).toBeCloseTo(1 - high, 4)
    expect(mirrored.high).toBeCloseTo(1 - low, 4)
  })

  it('of nothing is 0 to 1', () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 })
  })
})

describe('rows', () => {
  const columns = ['task', 'text', 'accuracy', 'layer', 'correct']
  const rows: Row[] = [
    { task: 'upper', text: ' a|b, "c"\nd', accuracy: 1 / 3, layer: null, correct: true },
    { task: 'first', text: '', accuracy: 1, layer: 2, correct: false },
  ]

  it('as JSON are exactly what they were', () => {
    expect(JSON.parse(written(rows, columns, 'json'))).toEqual(rows)
    expect(JSON.parse(written([], columns, 'json'))).toEqual([])
  })

  it('as CSV are quoted if necessary, with numbers in full', () => {
    expect(written(rows, columns, 'csv')).toBe(
      `task,text,accuracy,layer,correct\nupper," a|b, ""c""\nd",0.3333333333333333,,true\nfirst,,1,2,false\n`,
    )
    expect(written([], columns, 'csv')).toBe('task,text,accuracy,layer,correct\n')
  })

  it('as Markdown keep to one line each', () => {
    expect(written(rows, columns, 'md')).toBe(
      `| task | text | accuracy | layer | correct |\n| --- | --- | --- | --- | --- |\n| upper |  a\\|b, "c"\\\\nd | 0.333333 |  | true |\n| first |  | 1 | 2 | false |\n`,
    )
  })

  it('as a table have a head even if there are none', () => {
    expect(written([], columns, 'table')).toContain('accuracy')
    expect(written(rows, columns, 'table').split('\n')).toHaveLength(5)
  })

  it('show blobs and whole numbers beyond 2^53 without loss', () => {
    const row = { id: 9007199254740993n, bytes: new Uint8Array([0, 255]) }
    expect(written([row], ['id', 'bytes'], 'json')).toBe('[{"id":"9007199254740993","bytes":"00ff"}]\n')
    expect(written([row], ['id', 'bytes'], 'csv')).toBe('id,bytes\n9007199254740993,00ff\n')
  })
})

describe('the main table', () => {
  it('has a row per task, its interval and the mean per model', () => {
    const row = { category: 'algorithmic' as const, baselineItems: 100, testItems: 50, devItems: 50 }
    const first = new Map([['m\nupper\nhypothesis', 0.5]])
    const rows = [
      { ...row, model: 'm', task: 'upper', baseline: 0, hypothesis: 0.9, regular: 1, bestLayer: 21 },
      { ...row, model: 'm', task: 'first', baseline: 0.1, hypothesis: 0.7, regular: 0.9, bestLayer: 3 },
      { ...row, model: 'n', task: 'upper', baseline: 0, hypothesis: 0, regular: 0.5, bestLayer: 0 },
    ]
    const text = renderMainTable(rows, { first })
    expect(text).toMatch(
      /upper +│ +0\.00 │ +0\.90 │ 0\.79-0\.96 │ 0\.50 │ +1\.00 │ 0\.93-1\.00 │ +│ +21 │ +50/,
    )
    expect(text).toMatch(/mean of 2 +│ +0\.05 │ +0\.80 │ +│ +│ +0\.95/)
    expect(text.split('\n\n')).toHaveLength(2)
  })

  it('of no rows is empty', () => {
    expect(renderMainTable([])).toBe('')
  })
})
