import { z } from 'zod'
import { family, flag, insist, size, windowField } from '../config.js'
import { layerTypesField, slidingLayers } from '../layer-kinds.js'
import type { LayerParts } from '../layer-parts.js'
import { expertCount, isSparse, mixture, sparseLayerFields } from '../mixture.js'
import { decoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  max_position_embeddings: size.default(32768),
  use_sliding_window: flag.default(false),
  sliding_window: windowField.default(4096),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: layerTypesField,
}

/** The window only if the config says that it is used. */
function windowed<C extends { use_sliding_window: boolean; sliding_window: number | null }>(c: C): C {
  return { ...c, sliding_window: c.use_sliding_window ? c.sliding_window : null }
}

/** Qwen2 and Qwen2.5 (arXiv 2407.10671): LLaMA with biases of queries, keys and values; windows in later layers by config. */
export const qwen2 = family({
  name: 'qwen2',
  examples: ['Qwen/Qwen2.5-0.5B', 'Qwen/Qwen2.5-7B'],
  special: 'biases of queries, keys and values',
  fields,
  describe: (c) =>
    decoder(windowed(c), {
      bias: { queryKeyValue: true },
      sliding: (layer) => layer >= c.max_window_layers,
    }),
})

/** Qwen3 (arXiv 2505.09388): no biases, norms of each head's queries and keys. */
export const qwen3 = family({
  name: 'qwen3',
  examples: ['Qwen/Qwen3-0.6B', 'Qwen/Qwen3-8B-Base'],
  special: 'norms on the queries and keys of each head; heads wider than d_model / heads',
  fields: { ...fields, head_dim: size.nullable().default(128), attention_bias: flag.default(false) },
  describe: (c) =>
    decoder(windowed(c), {
      sliding: (layer) => layer >= c.max_window_layers,
      queryKeyNorms: 'each head',
    }),
})

const mixtureFields = {
  ...fields,
  ...sparseLayerFields,
  num_experts_per_tok: size,
  norm_topk_prob: flag.default(false),
  num_experts: expertCount,
  moe_intermediate_size: size,
}

function qwenMixture(parts: LayerParts, c: z.infer<z.ZodObject<typeof mixtureFields>>) {
  return mixture(parts, {
    count: c.num_experts,
    perRow: c.num_experts_per_tok,
    dMlp: c.moe_intermediate_size,
    routing: { normalised: c.norm_topk_prob },
  })
}

/** Qwen1.5-MoE and Qwen2-MoE (arXiv 2407.10671): many small experts and a gated shared one. */
export const qwen2Moe = family({
  name: 'qwen2_moe',
  examples: ['Qwen/Qwen1.5-MoE-A2.7B', 'Qwen/Qwen2-57B-A14B'],
  special: 'mixture of experts with a gated shared one; biases of queries, keys and values',
  fields: {
    ...mixtureFields,
    num_experts: expertCount.default(60),
    num_experts_per_tok: size.default(4),
    moe_intermediate_size: size.default(1408),
    shared_expert_intermediate_size: size.default(5632),
    qkv_bias: flag.default(true),
    // transformers writes 0 if the window is unused.
    sliding_window: z.preprocess((window) => (window === 0 ? null : window), windowField).default(4096),
  },
  renamed: { num_local_experts: 'num_experts' },
  describe(c) {
    const sliding = (layer: number) => c.use_sliding_window && layer % 2 === 0 && layer < c.max_window_layers
    const config = windowed(c)
    insist(
      config.sliding_window !== null ||
        !slidingLayers(c.layer_types, c.num_hidden_layers, sliding).includes(true),
      'layer_types has sliding_attention, but use_sliding_window is not true',
    )
    return decoder(config, {
      bias: { queryKeyValue: c.qkv_bias },
      sliding,
      mlp: (parts) =>
        isSparse(parts.layer, c)
          ? {
              ...qwenMixture(parts, c),
              shared: {
                mlp: parts.gatedMlp({ name: 'mlp.shared_expert', dMlp: c.shared_expert_intermediate_size }),
                gate: parts.linear('mlp.shared_expert_gate', c.hidden_size, 1),
              },
            }
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
    ...mixtureFields,
    num_experts: expertCount.default(128),
    num_experts_per_tok: size.default(8),
    moe_intermediate_size: size.default(768),
    num_key_value_heads: size.default(4),
    attention_bias: flag.default(false),
  },
  renamed: { num_local_experts: 'num_experts' },
  describe: (c) =>
    decoder(windowed(c), {
      queryKeyNorms: 'each head',
      mlp: (parts) => (isSparse(parts.layer, c) ? qwenMixture(parts, c) : parts.gatedMlp()),
    }),
})
