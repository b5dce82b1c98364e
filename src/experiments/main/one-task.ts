import type { TopLevelSpec } from 'vega-lite'
import { taskName } from '../../figures/paper-rules.js'
import type { Figure } from '../../figures/figure.js'
import { accuracyY, config, ink, layerX, patchedAt, plotWidth, shown } from '../../figures/style.js'

/** The curve of one (model, task), which grows as cells arrive: `taskvec serve`. */
export function oneTaskByLayer(
  model: string,
  task: string,
  cells: readonly { readonly layer: number; readonly accuracy: number; readonly items: number }[],
): Figure | null {
  if (cells.length === 0) return null
  const values = cells.map((cell) => ({
    ...cell,
    says: `L = ${cell.layer}: ${shown(cell.accuracy)} of ${cell.items} dev items`,
  }))
  const x = layerX(patchedAt)
  const y = { ...accuracyY, field: 'accuracy' } as const
  const spec: TopLevelSpec = {
    config,
    width: plotWidth,
    height: 190,
    data: { values },
    layer: [
      { mark: { type: 'line', strokeWidth: 2.5, color: ink }, encoding: { x, y } },
      {
        mark: { type: 'point', filled: true, size: 50, opacity: 1, color: ink },
        encoding: { x, y, description: { field: 'says' } },
      },
    ],
  }
  return {
    id: `by-layer-${model}-${task}`,
    title: taskName(task),
    subtitle: model,
    caption: 'Dev accuracy of the hypothesis run by L.',
    spec,
    rows: values,
  }
}
