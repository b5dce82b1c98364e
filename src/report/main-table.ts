import type { RunKind } from '../domain/types.js'
import type { MainRow } from '../store/results.js'
import { wilsonInterval } from '../statistics/wilson.js'
import { boxedTable } from './boxed-table.js'

export interface MainTableOptions {
  /** Named where it is not f32. */
  readonly mode?: string | null
  /** Accuracies by first token (`firstTokens`), stricter than `prefix`: beside each accuracy as `1st`. */
  readonly first?: ReadonlyMap<string, number>
}

/** The paper's Table 6 for one sweep, for a terminal: a row per task, a mean per model. */
export function renderMainTable(
  rows: readonly MainRow[],
  { mode = null, first = new Map() }: MainTableOptions = {},
): string {
  const byModel = new Map<string, MainRow[]>()
  for (const row of rows) {
    const of = byModel.get(row.model)
    if (of) of.push(row)
    else byModel.set(row.model, [row])
  }
  return Array.from(byModel, ([model, of]) =>
    renderModel(mode === null ? model : `${model} (${mode})`, of, first),
  ).join('\n\n')
}

/** Columns of numbers. */
const right = [1, 2, 4, 5, 7, 8, 9]

function renderModel(model: string, rows: readonly MainRow[], first: ReadonlyMap<string, number>): string {
  const head = [model, 'baseline', 'hypothesis', '95 %', '1st', 'regular', '95 %', '1st', 'best L', 'n']
  const byFirst = ({ model, task }: MainRow, kind: RunKind) => {
    const share = first.get(`${model}\n${task}\n${kind}`)
    return share === undefined ? '' : accuracy(share)
  }
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
        byFirst(row, 'hypothesis'),
        accuracy(row.regular),
        interval(row.regular, row.testItems),
        byFirst(row, 'regular'),
        row.bestLayer,
        row.testItems,
      ]),
      [
        `mean of ${rows.length}`,
        mean((row) => row.baseline),
        mean((row) => row.hypothesis),
        '',
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
