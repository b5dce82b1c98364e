import { capField, family, flag, positive, size, windowField } from '../config.js'
import { everyNth, layerTypesField } from '../layer-kinds.js'
import type { LayerParts } from '../layer-parts.js'
import { expertCount, mixture } from '../mixture.js'
import { layerNorm } from '../parts.js'
import { rotaryByKind, rotaryFieldsByKind } from '../rotary.js'
import { decoder, standardFields } from '../standard.js'

const fields = { ...standardFields, attention_bias: flag.default(false) }

/** OLMo (arXiv 2402.00838): LayerNorm without weights; queries, keys and values clipped by config. */
export const olmo = family({
  name: 'olmo',
  examples: ['allenai/OLMo-1B-hf', 'allenai/OLMo-7B-hf'],
  special: 'LayerNorm without weights; clipped queries, keys and values',
  fields: { ...fields, clip_qkv: capField.default(null) },
  describe: (c) =>
    decoder(c, {
      norm: layerNorm(1e-5, { weight: false, bias: false }),
      attention: () => ({ clip: c.clip_qkv }),
    }),
})

/** Norms on the outputs of attention and MLP, not on their inputs. */
export const afterOnly = ({ norm }: LayerParts) => ({
  afterAttention: norm('post_attention_layernorm'),
  afterMlp: norm('post_feedforward_layernorm'),
})

/** OLMo 2 (arXiv 2501.00656): norms after, not before; queries and keys normed over all heads together. */
export const olmo2 = family({
  name: 'olmo2',
  examples: ['allenai/OLMo-2-0425-1B', 'allenai/OLMo-2-1124-7B'],
  special: 'norms after attention and MLP; norms on queries and keys over all heads',
  fields: { ...fields, rms_norm_eps: positive.default(1e-5) },
  describe: (c) => decoder(c, { norms: afterOnly, queryKeyNorms: 'all heads' }),
})

/** OLMo 3: OLMo 2 with a window in three layers of four, and YaRN in the fourth only. */
export const olmo3 = family({
  name: 'olmo3',
  examples: ['allenai/Olmo-3-1025-7B'],
  special: 'as olmo2, with windows in three layers of four and scaled rotation in the fourth',
  fields: {
    ...fields,
    ...rotaryFieldsByKind,
    rms_norm_eps: positive.default(1e-5),
    sliding_window: windowField.default(4096),
    layer_types: layerTypesField,
  },
  describe(c) {
    const dHead = c.head_dim ?? c.hidden_size / c.num_attention_heads
    const rotary = rotaryByKind(c, { dHead, theta: { full: 500000, sliding: 500000 } })
    return decoder(
      { ...c, rope_parameters: undefined },
      {
        norms: afterOnly,
        sliding: everyNth(4),
        queryKeyNorms: 'all heads',
        attention: ({ slides }) => ({ rotary: slides ? rotary.sliding : rotary.full }),
        ends: { maxPositions: rotary.maxPositions },
      },
    )
  },
})

/** OLMoE (arXiv 2409.02060): 64 small experts; queries and keys normed over all heads together. */
export const olmoe = family({
  name: 'olmoe',
  examples: ['allenai/OLMoE-1B-7B-0924'],
  special: 'mixture of experts; norms on queries and keys over all heads; clipped queries, keys and values',
  fields: {
    ...fields,
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(4096),
    clip_qkv: capField.default(null),
    num_experts: expertCount.default(64),
    num_experts_per_tok: size.default(8),
    norm_topk_prob: flag.default(false),
  },
  renamed: { num_local_experts: 'num_experts' },
  describe: (c) =>
    decoder(c, {
      queryKeyNorms: 'all heads',
      attention: () => ({ clip: c.clip_qkv }),
      mlp: (parts) =>
        mixture(parts, {
          count: c.num_experts,
          perRow: c.num_experts_per_tok,
          routing: { normalised: c.norm_topk_prob },
        }),
    }),
})
