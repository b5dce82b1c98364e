import { family, flag, positive, size } from '../config.js'
import { standardDecoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  num_key_value_heads: size.default(2),
  head_dim: size.nullable().default(128),
  rms_norm_eps: positive.default(1.5625e-7),
  max_position_embeddings: size.default(131072),
  attention_bias: flag.default(true),
}

/** GLM-4 (arXiv 2406.12793): interleaved rotary embedding over half of each head, gate and up in one product. */
export const glm = family({
  name: 'glm',
  examples: ['zai-org/glm-4-9b-hf'],
  special:
    'interleaved, partial rotary embedding; biases of queries, keys and values; gate and up in one product',
  fields,
  describe: (c, path) =>
    standardDecoder('glm', c, path, {
      rotary: { partial: 0.5, interleaved: true },
      bias: { queryKeyValue: c.attention_bias },
      mlp: (parts) => parts.fusedMlp('mlp.gate_up_proj', 'mlp.down_proj'),
    }),
})

/** GLM-4-0414: GLM with norms before and after. */
export const glm4 = family({
  name: 'glm4',
  examples: ['zai-org/GLM-4-9B-0414'],
  special: 'as glm, with norms before and after',
  fields,
  describe: (c, path) =>
    standardDecoder('glm4', c, path, {
      rotary: { partial: 0.5, interleaved: true },
      bias: { queryKeyValue: c.attention_bias },
      norms: ({ norm }) => ({
        beforeAttention: norm('input_layernorm'),
        afterAttention: norm('post_self_attn_layernorm'),
        beforeMlp: norm('post_attention_layernorm'),
        afterMlp: norm('post_mlp_layernorm'),
      }),
      mlp: (parts) => parts.fusedMlp('mlp.gate_up_proj', 'mlp.down_proj'),
    }),
})
