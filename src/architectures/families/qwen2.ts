import { z } from 'zod'
import { family, flag, size, windowField } from '../config.js'
import { layerTypesField, slidingLayers } from '../layer-kinds.js'
import { standardDecoder, standardFields } from '../standard.js'

export const qwenFields = {
  ...standardFields,
  max_position_embeddings: size.default(32768),
  use_sliding_window: flag.default(false),
  sliding_window: windowField.default(4096),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: layerTypesField,
}

/** Qwen2 and Qwen2.5 (arXiv 2407.10671): LLaMA with biases of queries, keys and values; windows in later layers by config. */
export const qwen2 = family({
  name: 'qwen2',
  examples: ['Qwen/Qwen2.5-0.5B', 'Qwen/Qwen2.5-7B'],
  special: 'biases of queries, keys and values',
  fields: qwenFields,
  describe(c, path) {
    const window = c.use_sliding_window ? c.sliding_window : null
    const sliding = slidingLayers(c, (layer) => layer >= c.max_window_layers, path)
    return standardDecoder('qwen2', c, path, {
      bias: { queryKeyValue: true },
      attention: ({ layer }) => ({ window: sliding[layer] ? window : null }),
    })
  },
})
