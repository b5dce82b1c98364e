import { TaskvecError } from './errors.js'

/** `layers` of a config: the layers L to patch at. */
export type LayerSelection = 'all' | readonly number[] | { readonly from: number; readonly to: number }

/**
 * The chosen layers of a model with N = `blocks` blocks, ascending; `from` and `to` are both included.
 * Errors: TASK where a layer is out of 0..N-1.
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

/** 0..N-1. */
export function allLayers(blocks: number): number[] {
  return Array.from({ length: blocks }, (_, layer) => layer)
}
