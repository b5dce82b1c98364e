import { z } from 'zod'
import { family, flag, keyValueHeadsField, size, windowField } from '../config.js'
import { layerTypesField } from '../layer-kinds.js'
import { decoder, standardFields } from '../standard.js'

/** SmolLM3: LLaMA with every fourth layer not rotated (NoPE). */
export const smollm3 = family({
  name: 'smollm3',
  examples: ['HuggingFaceTB/SmolLM3-3B-Base'],
  special: 'no rotation in every fourth layer',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(4),
    max_position_embeddings: size.default(32768),
    tie_word_embeddings: flag.default(true),
    attention_bias: flag.default(false),
    mlp_bias: flag.default(false),
    use_sliding_window: flag.default(false),
    sliding_window: windowField.default(null),
    layer_types: layerTypesField,
    /** By layer, 1 where it is rotated. */
    no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).optional(),
    no_rope_layer_interval: size.default(4),
  },
  describe(c) {
    const rotated = (layer: number) =>
      (c.no_rope_layers ? c.no_rope_layers[layer] : (layer + 1) % c.no_rope_layer_interval) !== 0
    return decoder(c, {
      rotary: { theta: 2e6 },
      // use_sliding_window affects only the default kinds of layers, as in transformers.
      sliding: (layer) => c.use_sliding_window && !rotated(layer),
      attention: ({ layer }, { rotary }) => ({ rotary: rotated(layer) ? rotary : null }),
    })
  },
})
