import { taskName } from '../../figures/paper-rules.js'
import type { Row } from '../../figures/table.js'
import type { ResultRows } from '../sweep-rows.js'
import { share, type Table } from '../../figures/table.js'

/** Hypothesis minus regular with the paired bootstrap's interval, from the rows of `results --table main`. */
export function differenceTable({ columns, rows }: ResultRows): Table {
  return {
    id: 'difference',
    title: 'Hypothesis minus regular',
    caption:
      'On the same test items. In brackets: 95 % by the paired bootstrap; items that share their demonstrations are resampled together.',
    columns: { model: 'Model', task: 'Task', difference: 'Difference', interval: '' },
    align: 'llrl',
    rows: objects(columns, rows).map((row) => ({
      model: row['model'] ?? null,
      task: taskName(String(row['task'])),
      difference: share(Number(row['hypothesis']) - Number(row['regular'])),
      interval:
        typeof row['differenceLow'] === 'number'
          ? `[${share(row['differenceLow'])}, ${share(Number(row['differenceHigh']))}]`
          : '',
    })),
  }
}

/** Mean scores of the tasks whose scoring is graded, from the rows of `results --table main`; null if there are none. */
export function scoresTable({ columns, rows }: ResultRows): Table | null {
  const score = (row: Row, kind: string) => {
    const mean = row[`${kind}MeanScore`]
    return typeof mean === 'number' ? `${share(mean)} (${share(Number(row[kind]))})` : ''
  }
  const graded = objects(columns, rows).filter((row) => typeof row['regularMeanScore'] === 'number')
  if (graded.length === 0) return null
  return {
    id: 'mean-scores',
    title: 'Mean scores',
    caption:
      'Tasks with graded scoring (f1, chrf): the mean score over the items, 0 to 1; in brackets the accuracy, the share of items whose score reaches the threshold.',
    columns: {
      model: 'Model',
      task: 'Task',
      baseline: 'Baseline',
      hypothesis: 'Hypothesis',
      regular: 'Regular',
    },
    align: 'llrrr',
    rows: graded.map((row) => ({
      model: row['model'] ?? null,
      task: taskName(String(row['task'])),
      baseline: score(row, 'baseline'),
      hypothesis: score(row, 'hypothesis'),
      regular: score(row, 'regular'),
    })),
  }
}

/** Table 6 over the sweeps of one config with several seeds. */
export function seedsTable({ columns, rows }: ResultRows): Table {
  const spread = (row: Row, kind: string) =>
    `${share(Number(row[kind]))} ± ${typeof row[`${kind}Sd`] === 'number' ? share(Number(row[`${kind}Sd`])) : '?'}`
  return {
    id: 'seeds',
    title: 'Over the seeds',
    caption: 'Mean ± standard deviation over the config’s seeds; seeds: how many have the task.',
    columns: {
      model: 'Model',
      task: 'Task',
      seeds: 'Seeds',
      baseline: 'Baseline',
      hypothesis: 'Hypothesis',
      regular: 'Regular',
    },
    align: 'llrrrr',
    rows: objects(columns, rows).map((row) => ({
      model: row['model'] ?? null,
      task: taskName(String(row['task'])),
      seeds: row['seeds'] ?? null,
      baseline: spread(row, 'baseline'),
      hypothesis: spread(row, 'hypothesis'),
      regular: spread(row, 'regular'),
    })),
  }
}

function objects(columns: ResultRows['columns'], rows: ResultRows['rows']): Row[] {
  const names = Object.keys(columns)
  return Array.from(rows, (row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])))
}
