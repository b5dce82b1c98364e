import { groupBy, meanAndSd, type CellAccuracy } from '../../figures/paper-rules.js'
import type { BeyondScore } from './part.js'
import type { Figure } from '../../figures/figure.js'
import { panelPerModel } from '../../figures/panels.js'
import { seriesLines } from '../../figures/series-lines.js'
import { config, layerX, patchedAt, shown } from '../../figures/style.js'

const ways = {
  place: 'θ put in place (dev)',
  multi_context: 'θ of other items’ prompts',
  addition: 'θ added',
} as const

/** Beyond the paper: multi-context θ, and θ added instead of patched in, by L, compared with the paper's method. */
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
  const layer = seriesLines({
    series: 'way',
    names: Object.values(ways).filter((way) => values.some((value) => value.way === way)),
    x: layerX(models.length > 1 ? 'layer L' : patchedAt),
    y: { field: 'mean' },
    legend: { columns: 1 },
    panel: true,
  })
  return {
    id: 'other-ways',
    title: 'Other ways to use θ, by layer',
    caption:
      'Mean over all tasks. Put in place: the paper’s method, on dev items. Of other items’ prompts: θ is the mean last-token state of all other items’ [S, x, →] that do not contain the query. Added: θ is added to the last token’s state. Hover: ± one standard deviation over tasks.',
    spec: { config, data: { values }, ...panelPerModel(models, 200, layer) },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
