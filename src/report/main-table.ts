import type { RunKind } from '../domain/types.js'
import { groupBy } from '../figures/paper-rules.js'
import type { MainRow } from '../store/results.js'
import { wilsonInterval } from '../statistics/wilson.js'
import { boxedTable } from './boxed-table.js'

export interface MainTableOptions {
  /** Shown unless it is f32. */
  readonly mode?: string | null
  /** Storage types of each model's weights (`weightTypes`), shown with its name. */
  readonly weights?: ReadonlyMap<string, string>
  /** Accuracies by first token (`firstTokens`), stricter than `prefix`: shown with each accuracy as `1st`. */
  readonly first?: ReadonlyMap<string, number>
  /** Mean scores (`meanScores`), if a task's scoring is graded: shown with each accuracy as `score`. */
  readonly scores?: ReadonlyMap<string, number>
}

/** The paper's Table 6 for one sweep, for a terminal: a row per task, a mean per model. */
export function renderMainTable(
  rows: readonly MainRow[],
  { mode = null, weights = new Map(), first = new Map(), scores = new Map() }: MainTableOptions = {},
): string {
  return groupBy(rows, ({ model }) => model)
    .map(([model, of]) => {
      const said = [weights.get(model) ?? [], mode ?? []].flat().join(', ')
      return renderModel(said === '' ? model : `${model} (${said})`, of, { first, scores })
    })
    .join('\n\n')
}

function renderModel(
  model: string,
  rows: readonly MainRow[],
  { first, scores }: Required<Pick<MainTableOptions, 'first' | 'scores'>>,
): string {
  const graded = scores.size > 0
  const ofRun = ['95 %', '1st', ...(graded ? ['score'] : [])]
  const head = [model, 'baseline', 'hypothesis', ...ofRun, 'regular', ...ofRun, 'best L', 'n']
  const beside = ({ model, task }: MainRow, kind: RunKind, shares: ReadonlyMap<string, number>) => {
    const share = shares.get(`${model}\n${task}\n${kind}`)
    return share === undefined ? '' : accuracy(share)
  }
  const run = (row: MainRow, kind: 'hypothesis' | 'regular') => [
    accuracy(row[kind]),
    interval(row[kind], row.testItems),
    beside(row, kind, first),
    ...(graded ? [beside(row, kind, scores)] : []),
  ]
  const mean = (of: (row: MainRow) => number) =>
    accuracy(rows.reduce((sum, row) => sum + of(row), 0) / rows.length)
  return boxedTable(
    head,
    [
      ...rows.map((row) => [
        row.task,
        accuracy(row.baseline),
        ...run(row, 'hypothesis'),
        ...run(row, 'regular'),
        row.bestLayer ?? '-',
        row.testItems,
      ]),
      [
        `mean of ${rows.length}`,
        mean((row) => row.baseline),
        mean((row) => row.hypothesis),
        ...ofRun.map(() => ''),
        mean((row) => row.regular),
      ],
    ],
    // All columns except the model and the intervals are numbers.
    head.flatMap((name, i) => (i === 0 || name === '95 %' ? [] : [i])),
  )
}

function accuracy(value: number): string {
  return value.toFixed(2)
}

function interval(share: number, items: number): string {
  const { low, high } = wilsonInterval(Math.round(share * items), items)
  return `${low.toFixed(2)}-${high.toFixed(2)}`
}
