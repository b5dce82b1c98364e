import { family, keyValueHeadsField, size, windowField } from '../config.js'
import { layerTypesField, slidingLayers } from '../layer-kinds.js'
import { standardDecoder, standardFields } from '../standard.js'

/** Mistral 7B (arXiv 2310.06825): LLaMA with a sliding window in every layer, or in none. */
export const mistral = family({
  name: 'mistral',
  examples: ['mistralai/Mistral-7B-v0.1', 'mistralai/Mistral-7B-v0.3'],
  special: 'a sliding window in all layers by config',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    max_position_embeddings: size.default(131072),
    sliding_window: windowField.default(4096),
  },
  describe: (c, path) =>
    standardDecoder('mistral', c, path, { attention: () => ({ window: c.sliding_window }) }),
})

/** Ministral: Mistral with a window in some of its layers. */
export const ministral = family({
  name: 'ministral',
  examples: ['mistralai/Ministral-8B-Instruct-2410'],
  special: 'sliding windows by layer',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    max_position_embeddings: size.default(131072),
    sliding_window: windowField.default(4096),
    layer_types: layerTypesField,
  },
  describe(c, path) {
    const sliding = slidingLayers(c, () => c.sliding_window !== null, path)
    return standardDecoder('ministral', c, path, {
      attention: ({ layer }) => ({ window: sliding[layer] ? c.sliding_window : null }),
    })
  },
})
