import { groupBy, meanAndSd, type CellAccuracy } from '../definitions.js'
import type { BeyondScore } from '../../store/report.js'
import type { Figure } from './figure.js'
import {
  accuracyY,
  config,
  layerX,
  panels,
  seriesScales,
  shown,
  lineLegend,
  panelGrid,
  patchedAt,
} from './style.js'

const ways = {
  place: 'θ put in place (dev)',
  multi_context: 'θ of other items’ prompts',
  addition: 'θ added',
} as const

/** Beyond the paper: multi-context θ, and θ added instead of put in place, by L beside the paper's own way. */
export function otherWays(rows: readonly BeyondScore[], cells: readonly CellAccuracy[]): Figure | null {
  const others = rows.flatMap(({ model, task, analysis, layer, correct, items }) =>
    analysis === 'multi_context' || analysis === 'addition'
      ? [{ model, task, layer, way: ways[analysis], accuracy: correct / items }]
      : [],
  )
  if (others.length === 0) return null
  const models = [...new Set(others.map(({ model }) => model))]
  const own = cells
    .filter(({ model }) => models.includes(model))
    .map(({ model, task, layer, accuracy }) => ({ model, task, layer, way: ways.place, accuracy }))
  const values = groupBy([...own, ...others], ({ model, way, layer }) => `${model}\n${way}\n${layer}`).map(
    ([, of]) => {
      const { model, way, layer } = of[0] as (typeof own)[number]
      const { mean, sd } = meanAndSd(of.map(({ accuracy }) => accuracy))
      return {
        model,
        way,
        layer,
        mean,
        sd,
        tasks: of.length,
        says: `${model}, ${way}, L = ${layer}: ${shown(mean)} ± ${shown(sd)} over ${of.length} tasks`,
      }
    },
  )
  const scales = seriesScales(Object.values(ways).filter((way) => values.some((value) => value.way === way)))
  const { columns, width } = panels(models.length)
  const x = layerX(models.length > 1 ? 'layer L' : patchedAt)
  const y = { ...accuracyY, field: 'mean' } as const
  const legend = { ...lineLegend, columns: 1 }
  const color = { field: 'way', type: 'nominal', title: null, scale: scales.colour, legend } as const
  const strokeDash = { field: 'way', type: 'nominal', title: null, scale: scales.dash, legend } as const
  return {
    id: 'other-ways',
    title: 'Other ways to use θ, by layer',
    caption:
      'Mean over all tasks. Put in place: the paper’s way, on dev items. Of other items’ prompts: θ is the mean of the last-token states of all other items’ [S, x, →] that do not hold the query. Added: θ is added to the last token’s own state. Hover: ± one standard deviation over tasks.',
    spec: {
      config,
      data: { values },
      facet: { field: 'model', type: 'nominal', title: null, sort: models },
      columns,
      ...panelGrid,
      spec: {
        width,
        height: 200,
        layer: [
          { mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, color, strokeDash } },
          {
            mark: { type: 'point', filled: true, size: 26, opacity: 1 },
            encoding: { x, y, color, description: { field: 'says' } },
          },
        ],
      },
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
