import type { Figure, Layers } from './figure.js'
import { seriesLines } from './series-lines.js'
import { accuracyY, config, layerX, plotWidth } from './style.js'

const gap = 22

/** A panel per model, two per row, aligned regardless of the width of their labels, each with its own x axis; a single panel has full width. */
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

/** Two panels side by side, each with a line of accuracy by L per series. */
export function accuracyPanels(
  values: readonly { readonly layer: number; readonly accuracy: number }[],
  panels: { readonly field: string; readonly names: readonly string[] },
  series: {
    readonly field: string
    readonly names: readonly string[]
    readonly legend?: { columns: number }
  },
): Figure['spec'] {
  return {
    config,
    data: { values: [...values] },
    facet: { field: panels.field, type: 'nominal', title: null, sort: [...panels.names] },
    columns: 2,
    bounds: 'flush',
    spacing: { row: 60, column: gap },
    spec: {
      width: (plotWidth - gap) / 2,
      height: 180,
      layer: seriesLines({
        series: series.field,
        names: series.names,
        x: layerX('layer L'),
        y: { field: 'accuracy', axis: accuracyY.axis },
        legend: series.legend ?? {},
        panel: true,
      }),
    },
  }
}
