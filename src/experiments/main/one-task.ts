import { bestOf } from '../../domain/best-layer.js'
import { taskName } from '../../figures/paper-rules.js'
import type { Figure, Layers } from '../../figures/figure.js'
import {
  accuracyY,
  config,
  ink,
  kindColours,
  layerX,
  patchedAt,
  plotWidth,
  shown,
  shownOf,
} from '../../figures/style.js'
import type { LayerCell } from './by-layer.js'

/** The runs without θ, once computed. */
export interface BesideCurve {
  readonly baseline: number
  readonly regular: number
  readonly baselineItems: number
  readonly testItems: number
}

/** The curve of one (model, task), which grows as cells arrive, with its baseline and regular runs: `taskvec serve`. */
export function oneTaskByLayer(
  model: string,
  task: string,
  cells: readonly Pick<LayerCell, 'layer' | 'accuracy' | 'correct' | 'items'>[],
  beside: BesideCurve | null,
): Figure | null {
  if (cells.length === 0) return null
  const values = cells.map((cell) => ({
    ...cell,
    says: `L = ${cell.layer}: ${shownOf(cell.correct, cell.items)}`,
  }))
  const best = bestOf(values, ({ accuracy }) => accuracy)
  const lines = (['baseline', 'regular'] as const).flatMap((kind) => {
    if (beside === null) return []
    const items = kind === 'baseline' ? beside.baselineItems : beside.testItems
    return [{ kind, accuracy: beside[kind], says: `${kind}: ${shown(beside[kind])} of ${items} items` }]
  })
  const x = layerX(patchedAt)
  const y = { ...accuracyY, field: 'accuracy' } as const
  const color = {
    field: 'kind',
    type: 'nominal',
    title: null,
    scale: { domain: ['baseline', 'regular'], range: [kindColours.baseline, kindColours.regular] },
    legend: { orient: 'bottom', symbolType: 'stroke', symbolStrokeWidth: 2 },
  } as const
  return {
    id: `by-layer-${model}-${task}`,
    title: taskName(task),
    subtitle: model,
    caption: 'Dev accuracy of the hypothesis run by L; the best L is ringed.',
    spec: {
      config,
      width: plotWidth,
      height: 190,
      data: { values },
      layer: [
        ...(lines.length === 0
          ? []
          : [
              {
                data: { values: lines },
                mark: { type: 'rule', strokeWidth: 2, strokeDash: [6, 3] },
                encoding: { y, color },
              } satisfies Layers[number],
            ]),
        { mark: { type: 'line', strokeWidth: 2.5, color: ink }, encoding: { x, y } },
        {
          mark: { type: 'point', filled: true, size: 50, opacity: 1, color: ink },
          encoding: { x, y, description: { field: 'says' } },
        },
        {
          data: { values: best === undefined || best.accuracy === 0 ? [] : [best] },
          mark: { type: 'point', size: 190, strokeWidth: 2, color: kindColours.hypothesis },
          encoding: { x, y },
        },
      ],
    },
    rows: values,
  }
}
