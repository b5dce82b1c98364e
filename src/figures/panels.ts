import type { Layers } from './figure.js'
import { plotWidth } from './style.js'

const gap = 22

/**
 * A panel per model, two a row; one alone is as wide as a figure of its own. Panels stand in line whatever their labels
 * take, each with an x axis of its own.
 */
export function panelPerModel(
  models: readonly string[],
  height: number | { readonly step: number },
  layer: Layers,
) {
  const alone = models.length <= 1
  const sort = [...models]
  return {
    facet: { field: 'model', type: 'nominal', title: null, sort },
    columns: alone ? 1 : 2,
    bounds: 'flush',
    spacing: { row: 78, column: gap },
    resolve: { scale: { x: 'independent' }, axis: { x: 'independent' } },
    spec: { width: alone ? plotWidth : (plotWidth - gap) / 2, height, layer },
  } as const
}
