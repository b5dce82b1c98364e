import { TaskvecError } from './errors.js'

/** `layers` of a config: the layers L to patch at. */
export type LayerSelection = 'all' | readonly number[] | { readonly from: number; readonly to: number }

/**
 * The chosen layers of a model with N = `blocks` blocks, ascending; `from` and `to` are both included.
 * Errors: TASK if a layer is outside 0..N-1.
 */
export function resolveLayers(selection: LayerSelection, blocks: number, model: string): number[] {
  const layers = expand(selection, blocks)
  const wrong = layers.find((layer) => layer >= blocks)
  if (wrong === undefined) return layers
  throw new TaskvecError(
    'TASK',
    `layer ${wrong} is out of range: ${model} has N = ${blocks} blocks, so L is 0..${blocks - 1}`,
    { hint: 'Change "layers" in the config; "layers: all" always fits.' },
  )
}

function expand(selection: LayerSelection, blocks: number): number[] {
  if (selection === 'all') return allLayers(blocks)
  if ('from' in selection)
    return Array.from({ length: selection.to - selection.from + 1 }, (_, i) => selection.from + i)
  return [...selection].sort((a, b) => a - b)
}

/** Maximum number of dev predictions of one activity, if a split is computed whole: some 65 bytes each. */
const maxPredictions = 20_000
/** Up to this many dev items, layers have always been cut so that a split is one activity; keys of stored results depend on it. */
const cutByLayers = 5_000

/**
 * The layers computed together, part of each run's key. More dev items are cut into parts instead: then a pass over the blocks
 * gives all layers.
 *
 * @param size of a prediction, by that of one token
 */
export function layerChunks(
  layers: readonly number[],
  layersPerActivity: number | 'all',
  devItems: number,
  size = 1,
): number[][] {
  const most =
    devItems > cutByLayers ? layers.length : Math.floor(maxPredictions / size / Math.max(1, devItems))
  const together = Math.max(1, layersPerActivity === 'all' ? most : Math.min(layersPerActivity, most))
  return Array.from({ length: Math.ceil(layers.length / together) }, (_, i) =>
    layers.slice(i * together, (i + 1) * together),
  )
}

/** 0..N-1. */
export function allLayers(blocks: number): number[] {
  return Array.from({ length: blocks }, (_, layer) => layer)
}
