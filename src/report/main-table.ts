import type { MainRow } from '../store/results.js'
import { wilsonInterval } from '../statistics/wilson.js'
import { boxedTable } from './boxed-table.js'

/** The paper's Table 6 for one sweep, for a terminal: a row per task, a mean per model; `mode` where it is not f32. */
export function renderMainTable(rows: readonly MainRow[], mode: string | null = null): string {
  const byModel = new Map<string, MainRow[]>()
  for (const row of rows) {
    const of = byModel.get(row.model)
    if (of) of.push(row)
    else byModel.set(row.model, [row])
  }
  return Array.from(byModel, ([model, of]) =>
    renderModel(mode === null ? model : `${model} (${mode})`, of),
  ).join('\n\n')
}

/** Columns of numbers. */
const right = [1, 2, 4, 6, 7]

function renderModel(model: string, rows: readonly MainRow[]): string {
  const head = [model, 'baseline', 'hypothesis', '95 %', 'regular', '95 %', 'best L', 'n']
  const mean = (of: (row: MainRow) => number) =>
    accuracy(rows.reduce((sum, row) => sum + of(row), 0) / rows.length)
  return boxedTable(
    head,
    [
      ...rows.map((row) => [
        row.task,
        accuracy(row.baseline),
        accuracy(row.hypothesis),
        interval(row.hypothesis, row.testItems),
        accuracy(row.regular),
        interval(row.regular, row.testItems),
        row.bestLayer,
        row.testItems,
      ]),
      [
        `mean of ${rows.length}`,
        mean((row) => row.baseline),
        mean((row) => row.hypothesis),
        '',
        mean((row) => row.regular),
      ],
    ],
    right,
  )
}

function accuracy(value: number): string {
  return value.toFixed(2)
}

function interval(share: number, items: number): string {
  const { low, high } = wilsonInterval(Math.round(share * items), items)
  return `${low.toFixed(2)}-${high.toFixed(2)}`
}
