import { capField, family, flag, positive, size } from '../config.js'
import { expertCount, mixture, namedExperts } from '../mixture.js'
import { standardDecoder, standardFields } from '../standard.js'

/** OLMoE (arXiv 2409.02060): 64 small experts; queries and keys normed over all heads together. */
export const olmoe = family({
  name: 'olmoe',
  examples: ['allenai/OLMoE-1B-7B-0924'],
  special: 'mixture of experts; norms on queries and keys over all heads; clipped queries, keys and values',
  fields: {
    ...standardFields,
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(4096),
    attention_bias: flag.default(false),
    clip_qkv: capField.default(null),
    num_experts: expertCount.default(64),
    num_experts_per_tok: size.default(8),
    norm_topk_prob: flag.default(false),
  },
  renamed: { num_local_experts: 'num_experts' },
  describe: (c, path) =>
    standardDecoder('olmoe', c, path, {
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      attention: ({ norm }, { heads, keyValueHeads, dHead }) => ({
        queryNorm: norm('self_attn.q_norm', heads * dHead),
        keyNorm: norm('self_attn.k_norm', keyValueHeads * dHead),
        clip: c.clip_qkv,
      }),
      mlp: (parts) =>
        mixture(parts, path, {
          ...namedExperts(parts),
          count: c.num_experts,
          perRow: c.num_experts_per_tok,
          routing: { normalised: c.norm_topk_prob },
        }),
    }),
})
