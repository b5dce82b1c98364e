import { family, flag, keyValueHeadsField, positive, size } from '../config.js'
import { decoder, standardFields } from '../standard.js'

/** ERNIE 4.5: LLaMA with interleaved rotary embedding and biases by config. */
export const ernie45 = family({
  name: 'ernie4_5',
  examples: ['baidu/ERNIE-4.5-0.3B-Base-PT'],
  special: 'interleaved rotary embedding; biases by config',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(2),
    head_dim: size.nullable().default(128),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(131072),
    tie_word_embeddings: flag.default(true),
    use_bias: flag.default(false),
  },
  describe: (c) =>
    decoder(c, {
      rotary: { theta: 500000, interleaved: true },
      bias: { queryKeyValue: c.use_bias, out: c.use_bias },
      mlp: (parts) => parts.gatedMlp({ bias: c.use_bias }),
    }),
})
