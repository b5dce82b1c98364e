import Table from 'cli-table3'
import type { MainRow } from '../store/results.js'
import { wilsonInterval } from '../statistics/wilson.js'

/** The paper's Table 6 for one sweep, for a terminal: a row per task, a mean per model; `mode` where it is not f32. */
export function renderMainTable(rows: readonly MainRow[], mode: string | null = null): string {
  const models = [...new Set(rows.map(({ model }) => model))]
  return models
    .map((model) =>
      renderModel(
        mode === null ? model : `${model} (${mode})`,
        rows.filter((row) => row.model === model),
      ),
    )
    .join('\n\n')
}

function renderModel(model: string, rows: readonly MainRow[]): string {
  const table = new Table({
    head: [model, 'baseline', 'hypothesis', '95 %', 'regular', '95 %', 'best L', 'n'],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const row of rows) {
    table.push([
      row.task,
      accuracy(row.baseline),
      accuracy(row.hypothesis),
      interval(row.hypothesis, row.testItems),
      accuracy(row.regular),
      interval(row.regular, row.testItems),
      row.bestLayer,
      row.testItems,
    ])
  }
  const mean = (of: (row: MainRow) => number) =>
    accuracy(rows.reduce((sum, row) => sum + of(row), 0) / rows.length)
  table.push([
    `mean of ${rows.length}`,
    mean((row) => row.baseline),
    mean((row) => row.hypothesis),
    '',
    mean((row) => row.regular),
    '',
    '',
    '',
  ])
  return table.toString()
}

function accuracy(value: number): string {
  return value.toFixed(2)
}

function interval(share: number, items: number): string {
  const { low, high } = wilsonInterval(Math.round(share * items), items)
  return `${low.toFixed(2)}-${high.toFixed(2)}`
}
