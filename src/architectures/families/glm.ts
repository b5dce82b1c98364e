import { z } from 'zod'
import { family, flag, positive, size } from '../config.js'
import type { Changes } from '../layer-parts.js'
import { expertCount, sigmoidMixture, sigmoidMixtureFields } from '../mixture.js'
import { decoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  num_key_value_heads: size.default(2),
  head_dim: size.nullable().default(128),
  rms_norm_eps: positive.default(1.5625e-7),
  max_position_embeddings: size.default(131072),
  attention_bias: flag.default(true),
}

/** Interleaved rotary embedding over half of each head, gate and up in one product. */
function shared(c: { readonly attention_bias: boolean }): Changes {
  return {
    rotary: { partial: 0.5, interleaved: true },
    bias: { queryKeyValue: c.attention_bias },
    mlp: (parts) => parts.fusedMlp('mlp.gate_up_proj', 'mlp.down_proj'),
  }
}

/** GLM-4 (arXiv 2406.12793). */
export const glm = family({
  name: 'glm',
  examples: ['zai-org/glm-4-9b-hf'],
  special:
    'interleaved, partial rotary embedding; biases of queries, keys and values; gate and up in one product',
  fields,
  describe: (c) => decoder(c, shared(c)),
})

/** GLM-4-0414: GLM with norms before and after. */
export const glm4 = family({
  name: 'glm4',
  examples: ['zai-org/GLM-4-9B-0414'],
  special: 'as glm, with norms before and after',
  fields,
  describe: (c) =>
    decoder(c, {
      ...shared(c),
      norms: ({ norm }) => ({
        beforeAttention: norm('input_layernorm'),
        afterAttention: norm('post_self_attn_layernorm'),
        beforeMlp: norm('post_attention_layernorm'),
        afterMlp: norm('post_mlp_layernorm'),
      }),
    }),
})

/** GLM-4.5 (arXiv 2508.06471): DeepSeek-V3's mixture with standard attention, half of each head rotated. */
export const glm4Moe = family({
  name: 'glm4_moe',
  examples: ['zai-org/GLM-4.5-Air-Base', 'zai-org/GLM-4.6'],
  special: "deepseek_v3's mixture of experts; partial rotary embedding; norms of queries and keys by config",
  fields: {
    ...standardFields,
    num_key_value_heads: size.default(8),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(131072),
    attention_bias: flag.default(false),
    use_qk_norm: flag.default(false),
    ...sigmoidMixtureFields,
    n_routed_experts: expertCount.default(128),
    n_shared_experts: size.default(1),
    num_experts_per_tok: size.default(8),
    first_k_dense_replace: z.int().nonnegative().default(1),
  },
  renamed: { num_local_experts: 'n_routed_experts' },
  describe: (c) =>
    decoder(c, {
      rotary: { partial: 0.5 },
      bias: { queryKeyValue: c.attention_bias },
      queryKeyNorms: c.use_qk_norm ? 'each head' : null,
      mlp: (parts) => sigmoidMixture(parts, c),
    }),
})
