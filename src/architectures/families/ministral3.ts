import { z } from 'zod'
import { family, keyValueHeadsField, positive, size, windowField } from '../config.js'
import { parameters } from '../rotary-scalings.js'
import { standardDecoder, standardFields } from '../standard.js'

const ropeParameters = parameters.extend({ llama_4_scaling_beta: z.number().default(0.1) })

/** Ministral 3: Mistral with YaRN, and queries that grow with their position. */
export const ministral3 = family({
  name: 'ministral3',
  examples: ['mistralai/Ministral-3-3B-Base-2512'],
  special: 'YaRN; queries scaled by position',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    head_dim: size.nullable().default(128),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(262144),
    rope_parameters: ropeParameters.prefault({
      rope_type: 'yarn',
      rope_theta: 1e6,
      factor: 16,
      original_max_position_embeddings: 16384,
      mscale: 1,
      mscale_all_dim: 1,
    }),
    sliding_window: windowField.default(null),
  },
  describe(c, path) {
    const { llama_4_scaling_beta: scale, original_max_position_embeddings: every } = c.rope_parameters
    return standardDecoder('ministral3', c, path, {
      attention: () => ({
        window: c.sliding_window,
        temperature: every === undefined ? null : { every, offset: 0, scale },
      }),
    })
  },
})
