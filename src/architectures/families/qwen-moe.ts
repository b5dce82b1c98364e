import { z } from 'zod'
import { family, flag, insist, size, windowField } from '../config.js'
import { slidingLayers } from '../layer-kinds.js'
import { expertCount, isSparse, mixture, namedExperts, sparseLayerFields } from '../mixture.js'
import { standardDecoder } from '../standard.js'
import { qwenFields } from './qwen2.js'

const fields = {
  ...qwenFields,
  ...sparseLayerFields,
  num_experts_per_tok: size,
  norm_topk_prob: flag.default(false),
}

/** Qwen1.5-MoE and Qwen2-MoE (arXiv 2407.10671): many small experts and a gated shared one. */
export const qwen2Moe = family({
  name: 'qwen2_moe',
  examples: ['Qwen/Qwen1.5-MoE-A2.7B', 'Qwen/Qwen2-57B-A14B'],
  special: 'mixture of experts with a gated shared one; biases of queries, keys and values',
  fields: {
    ...fields,
    num_experts: expertCount.default(60),
    num_experts_per_tok: size.default(4),
    moe_intermediate_size: size.default(1408),
    shared_expert_intermediate_size: size.default(5632),
    qkv_bias: flag.default(true),
    // transformers writes 0 if the window is unused.
    sliding_window: z.preprocess((window) => (window === 0 ? null : window), windowField).default(4096),
  },
  renamed: { num_local_experts: 'num_experts' },
  describe(c, path) {
    const window = c.use_sliding_window ? c.sliding_window : null
    const usual = (layer: number) => layer % 2 === 0 && layer < c.max_window_layers
    const sliding = slidingLayers(c, (layer) => c.use_sliding_window && usual(layer), path)
    insist(
      window !== null || !sliding.includes(true),
      path,
      'layer_types has sliding_attention, but use_sliding_window is not true',
    )
    return standardDecoder('qwen2_moe', c, path, {
      bias: { queryKeyValue: c.qkv_bias },
      attention: ({ layer }) => ({ window: sliding[layer] ? window : null }),
      mlp: (parts) =>
        isSparse(parts.layer, c)
          ? mixture(parts, path, {
              ...namedExperts(parts, c.moe_intermediate_size),
              count: c.num_experts,
              perRow: c.num_experts_per_tok,
              routing: { normalised: c.norm_topk_prob },
              shared: {
                mlp: parts.gatedMlp({ name: 'mlp.shared_expert', dMlp: c.shared_expert_intermediate_size }),
                gate: parts.linear('mlp.shared_expert_gate', c.hidden_size, 1),
              },
            })
          : parts.gatedMlp(),
    })
  },
})

/** Qwen3-MoE (arXiv 2505.09388): Qwen3 with experts, none of them shared. */
export const qwen3Moe = family({
  name: 'qwen3_moe',
  examples: ['Qwen/Qwen3-30B-A3B-Base'],
  special: 'mixture of experts; norms on the queries and keys of each head',
  fields: {
    ...fields,
    num_experts: expertCount.default(128),
    num_experts_per_tok: size.default(8),
    moe_intermediate_size: size.default(768),
    num_key_value_heads: size.default(4),
    attention_bias: flag.default(false),
  },
  renamed: { num_local_experts: 'num_experts' },
  describe: (c, path) =>
    standardDecoder('qwen3_moe', c, path, {
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      attention: ({ norm }, { dHead }) => ({
        queryNorm: norm('self_attn.q_norm', dHead),
        keyNorm: norm('self_attn.k_norm', dHead),
        window: c.use_sliding_window ? c.sliding_window : null,
      }),
      mlp: (parts) =>
        isSparse(parts.layer, c)
          ? mixture(parts, path, {
              ...namedExperts(parts, c.moe_intermediate_size),
              count: c.num_experts,
              perRow: c.num_experts_per_tok,
              routing: { normalised: c.norm_topk_prob },
            })
          : parts.gatedMlp(),
    }),
})
