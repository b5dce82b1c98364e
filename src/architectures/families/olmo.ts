import { capField, family, flag, positive, windowField } from '../config.js'
import { everyNth, layerTypesField, slidingLayers } from '../layer-kinds.js'
import { rotaryByKind, rotaryFieldsByKind } from '../rotary.js'
import { standardDecoder, standardFields } from '../standard.js'
import { type LayerParts } from '../layer-parts.js'

const fields = { ...standardFields, attention_bias: flag.default(false) }

/** OLMo (arXiv 2402.00838): LayerNorm without weights; queries, keys and values clipped by config. */
export const olmo = family({
  name: 'olmo',
  examples: ['allenai/OLMo-1B-hf', 'allenai/OLMo-7B-hf'],
  special: 'LayerNorm without weights; clipped queries, keys and values',
  fields: { ...fields, clip_qkv: capField.default(null) },
  describe: (c, path) =>
    standardDecoder('olmo', c, path, {
      norm: (_, width) => ({
        kind: 'layer',
        width,
        epsilon: 1e-5,
        weight: null,
        bias: null,
        weightOffset: 0,
      }),
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
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
  describe: (c, path) =>
    standardDecoder('olmo2', c, path, {
      norms: afterOnly,
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      attention: ({ norm }, { heads, keyValueHeads, dHead }) => ({
        queryNorm: norm('self_attn.q_norm', heads * dHead),
        keyNorm: norm('self_attn.k_norm', keyValueHeads * dHead),
      }),
    }),
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
  describe(c, path) {
    const sliding = slidingLayers(c, everyNth(4), path)
    const dHead = c.head_dim ?? c.hidden_size / c.num_attention_heads
    const rotary = rotaryByKind(c, { dHead, theta: { full: 500000, sliding: 500000 } }, path)
    return standardDecoder('olmo3', { ...c, rope_parameters: undefined }, path, {
      core: { maxPositions: rotary.maxPositions },
      norms: afterOnly,
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      attention: ({ norm, layer }, { heads, keyValueHeads }) => ({
        queryNorm: norm('self_attn.q_norm', heads * dHead),
        keyNorm: norm('self_attn.k_norm', keyValueHeads * dHead),
        window: sliding[layer] ? c.sliding_window : null,
        rotary: sliding[layer] ? rotary.sliding : rotary.full,
      }),
    })
  },
})
