import { family, flag, positive, size } from '../config.js'
import { decoder, standardFields } from '../standard.js'

/** Helium: LLaMA with interleaved rotary embedding. */
export const helium = family({
  name: 'helium',
  examples: ['kyutai/helium-1-2b'],
  special: 'interleaved rotary embedding',
  fields: {
    ...standardFields,
    head_dim: size.default(128),
    rms_norm_eps: positive.default(1e-8),
    max_position_embeddings: size.default(4096),
    attention_bias: flag.default(false),
    mlp_bias: flag.default(false),
  },
  describe: (c) =>
    decoder(c, {
      rotary: { theta: 100000, interleaved: true },
      bias: { queryKeyValue: c.attention_bias },
    }),
})
