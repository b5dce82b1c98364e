import { z } from 'zod'
import { family, flag, positive, size } from '../config.js'
import { expertCount, sigmoidMixture } from '../mixture.js'
import { standardDecoder, standardFields } from '../standard.js'

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
    n_routed_experts: expertCount.default(128),
    n_shared_experts: size.default(1),
    num_experts_per_tok: size.default(8),
    moe_intermediate_size: size.default(1408),
    first_k_dense_replace: z.int().nonnegative().default(1),
    n_group: size.default(1),
    topk_group: size.default(1),
    norm_topk_prob: flag.default(true),
    routed_scaling_factor: z.number().default(1),
  },
  renamed: { num_local_experts: 'n_routed_experts' },
  describe: (c, path) =>
    standardDecoder('glm4_moe', c, path, {
      rotary: { partial: 0.5 },
      bias: { queryKeyValue: c.attention_bias },
      attention: ({ norm }, { dHead }) =>
        c.use_qk_norm
          ? { queryNorm: norm('self_attn.q_norm', dHead), keyNorm: norm('self_attn.k_norm', dHead) }
          : {},
      mlp: (parts) =>
        parts.layer < c.first_k_dense_replace ? parts.gatedMlp() : sigmoidMixture(parts, path, c),
    }),
})
