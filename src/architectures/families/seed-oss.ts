import { family, flag, keyValueHeadsField, size } from '../config.js'
import { decoder, standardFields } from '../standard.js'

/** Seed-OSS: LLaMA with biases of queries, keys and values. */
export const seedOss = family({
  name: 'seed_oss',
  examples: ['ByteDance-Seed/Seed-OSS-36B-Base'],
  special: 'biases of queries, keys and values; one of the attention output by config',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    head_dim: size.nullable().default(128),
    max_position_embeddings: size.default(524288),
    attention_bias: flag.default(true),
    attention_out_bias: flag.default(false),
    mlp_bias: flag.default(false),
  },
  describe: (c) => decoder(c, { bias: { queryKeyValue: c.attention_bias, out: c.attention_out_bias } }),
})
