import type { Figure } from '../../figures/figure.js'
import { taskName } from '../../figures/paper-rules.js'
import { seriesLines } from '../../figures/series-lines.js'
import { accuracyY, config, layerX, patchedAt, plotWidth, shown } from '../../figures/style.js'
import type { ResultRows } from '../sweep-rows.js'

export interface ScoredCell {
  readonly model: string
  readonly task: string
  readonly layer: number
  readonly accuracy: number
  readonly meanScore: number
}

/** Of the rows of `results --table layers`, those of tasks whose scoring is graded. */
export function scoredCells({ columns, rows }: ResultRows): ScoredCell[] {
  const names = Object.keys(columns)
  if (!names.includes('meanScore')) return []
  return Array.from(rows, (row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
    .filter(({ meanScore }) => meanScore !== null)
    .map(({ model, task, layer, accuracy, meanScore }) => ({
      ...{ model: String(model), task: String(task), layer: Number(layer) },
      ...{ accuracy: Number(accuracy), meanScore: Number(meanScore) },
    }))
}

/** Mean scores by L, a line per task. */
export function scoresByLayer(model: string, cells: readonly ScoredCell[]): Figure | null {
  if (cells.length === 0) return null
  const values = cells.map(({ task, layer, accuracy, meanScore }) => ({
    ...{ model, task, name: taskName(task), layer, accuracy, meanScore },
    says: `${taskName(task)}, L = ${layer}: mean score ${shown(meanScore)}, accuracy ${shown(accuracy)}`,
  }))
  return {
    id: `scores-by-layer-${model}`,
    title: 'Mean scores by layer',
    subtitle: model,
    caption:
      'Tasks with graded scoring (f1, chrf): mean score of the hypothesis run on dev items, 0 to 1, by L.',
    spec: {
      config,
      width: plotWidth,
      height: 200,
      data: { values },
      layer: seriesLines({
        series: 'name',
        names: [...new Set(values.map(({ name }) => name))],
        x: layerX(patchedAt),
        y: { field: 'meanScore', axis: { ...accuracyY.axis, title: 'mean score' } },
        legend: { columns: 2 },
      }),
    },
    rows: values.map(({ says: _says, name: _name, ...row }) => row),
  }
}
