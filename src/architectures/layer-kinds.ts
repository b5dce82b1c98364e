import { z } from 'zod'
import { insist } from './config.js'

/** Alternating kinds of attention: config.json's `layer_types`. */
const kinds = ['full_attention', 'sliding_attention', 'chunked_attention'] as const

/** A config's field; other kinds are refused, listing these. */
export const layerTypesField = z.array(z.enum(kinds)).optional()

/** Whether each layer has a sliding window: by `layer_types`, or the family's default. Throws MODEL. */
export function slidingLayers(
  types: z.infer<typeof layerTypesField>,
  count: number,
  usual: (layer: number) => boolean,
): boolean[] {
  if (!types) return Array.from({ length: count }, (_, layer) => usual(layer))
  insist(types.length === count, `layer_types has ${types.length} entries for ${count} layers`)
  insist(!types.includes('chunked_attention'), 'layer_types: this family has no chunked_attention')
  return types.map((type) => type === 'sliding_attention')
}

/** Every `pattern`th layer has full attention, the others a window. */
export function everyNth(pattern: number): (layer: number) => boolean {
  return (layer) => (layer + 1) % pattern !== 0
}
