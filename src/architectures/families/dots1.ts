import { z } from 'zod'
import { family, flag, size, windowField } from '../config.js'
import { layerTypesField, slidingLayers } from '../layer-kinds.js'
import { expertCount, sigmoidMixture } from '../mixture.js'
import { standardDecoder, standardFields } from '../standard.js'

/** dots.llm1 (arXiv 2506.05767): DeepSeek-V3's mixture with Qwen3's attention. */
export const dots1 = family({
  name: 'dots1',
  examples: ['rednote-hilab/dots.llm1.base'],
  special: "deepseek_v3's mixture of experts; norms on the queries and keys of each head",
  fields: {
    ...standardFields,
    attention_bias: flag.default(false),
    n_routed_experts: expertCount,
    n_shared_experts: size,
    num_experts_per_tok: size,
    moe_intermediate_size: size.default(1408),
    first_k_dense_replace: z.int().nonnegative().default(0),
    n_group: size.default(1),
    topk_group: size.default(1),
    norm_topk_prob: flag.default(false),
    routed_scaling_factor: z.number().default(1),
    sliding_window: windowField.default(4096),
    max_window_layers: z.int().nonnegative().default(62),
    layer_types: layerTypesField,
  },
  renamed: { num_local_experts: 'n_routed_experts' },
  describe(c, path) {
    const sliding = slidingLayers(c, (layer) => layer >= c.max_window_layers, path)
    return standardDecoder('dots1', c, path, {
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      attention: ({ norm, layer }, { dHead }) => ({
        queryNorm: norm('self_attn.q_norm', dHead),
        keyNorm: norm('self_attn.k_norm', dHead),
        window: sliding[layer] ? c.sliding_window : null,
      }),
      mlp: (parts) =>
        parts.layer < c.first_k_dense_replace ? parts.gatedMlp() : sigmoidMixture(parts, path, c),
    })
  },
})
