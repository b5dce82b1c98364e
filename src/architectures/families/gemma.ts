import { z } from 'zod'
import { activationField } from '../activations.js'
import { capField, family, flag, size, windowField } from '../config.js'
import type { DecoderSpec, LayerNorms, NormSpec } from '../decoder.js'
import { everyNth, layerTypesField, slidingLayers } from '../layer-kinds.js'
import { rmsNorm } from '../parts.js'
import { rotaryByKind, rotaryFieldsByKind } from '../rotary.js'
import { standardDecoder, standardFields } from '../standard.js'
import { type LayerParts } from '../layer-parts.js'

/** RMSNorm whose weight is stored as its difference from 1. */
function gemmaNorm(epsilon: number): (name: string, width: number) => NormSpec {
  return (name, width) => ({ ...rmsNorm(name, width, epsilon), weightOffset: 1 })
}

function embeddingScale(dModel: number): Pick<DecoderSpec['embedding'], 'scale'> {
  return { scale: Math.sqrt(dModel) }
}

/** Norms around attention and MLP both. */
const sandwich = ({ norm }: LayerParts) => ({
  beforeAttention: norm('input_layernorm'),
  afterAttention: norm('post_attention_layernorm'),
  beforeMlp: norm('pre_feedforward_layernorm'),
  afterMlp: norm('post_feedforward_layernorm'),
})

const fields = {
  ...standardFields,
  head_dim: size.default(256),
  max_position_embeddings: size.default(8192),
  tie_word_embeddings: flag.default(true),
  hidden_act: activationField.default('gelu_pytorch_tanh'),
  attention_bias: flag.default(false),
  use_bidirectional_attention: z.literal(false).default(false),
}

/** Gemma (arXiv 2403.08295): a scaled embedding, norms stored as differences from 1, GELU in the gate. */
export const gemma = family({
  name: 'gemma',
  examples: ['google/gemma-2b'],
  special: 'embedding times sqrt(d_model); norm weights stored as differences from 1',
  fields,
  describe: (c, path) =>
    standardDecoder('gemma', c, path, {
      // The first releases say "gelu" and mean its tanh form; transformers reads them so.
      core: c.hidden_act === 'gelu' ? { activation: 'gelu_pytorch_tanh' } : {},
      norm: gemmaNorm(c.rms_norm_eps),
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      embedding: embeddingScale(c.hidden_size),
    }),
})

const gemma2Fields = {
  ...fields,
  hidden_activation: activationField.default('gelu_pytorch_tanh'),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: windowField.default(4096),
  layer_types: layerTypesField,
}

const gemma2AllFields = {
  ...gemma2Fields,
  final_logit_softcapping: capField.default(30),
  attn_logit_softcapping: capField.default(50),
}

function gemma2Decoder(
  family: string,
  c: z.infer<z.ZodObject<typeof gemma2AllFields>>,
  path: string,
  norms: (parts: LayerParts) => Partial<LayerNorms>,
): DecoderSpec {
  const sliding = slidingLayers(c, everyNth(2), path)
  return standardDecoder(family, c, path, {
    core: { activation: c.hidden_activation },
    norm: gemmaNorm(c.rms_norm_eps),
    norms,
    bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
    attention: ({ layer }) => ({
      scale: c.query_pre_attn_scalar ** -0.5,
      softcap: c.attn_logit_softcapping,
      window: sliding[layer] ? c.sliding_window : null,
    }),
    embedding: embeddingScale(c.hidden_size),
    unembedding: { softcap: c.final_logit_softcapping },
  })
}

/** Gemma 2 (arXiv 2408.00118): norms before and after, a window in every second layer, soft-capped scores and logits. */
export const gemma2 = family({
  name: 'gemma2',
  examples: ['google/gemma-2-2b', 'google/gemma-2-9b'],
  special: 'norms before and after; alternating windows; soft-capped scores and logits; own scale of scores',
  fields: gemma2AllFields,
  describe: (c, path) => gemma2Decoder('gemma2', c, path, sandwich),
})

/** Gemma 3 (arXiv 2503.19786): five layers with a window to one without, each kind rotated by its own base; query-key norms. */
export const gemma3 = family({
  name: 'gemma3_text',
  examples: ['google/gemma-3-270m', 'google/gemma-3-1b-pt'],
  special: 'five windows to one full layer, rotated by two bases; norms on the queries and keys of each head',
  fields: {
    ...gemma2Fields,
    ...rotaryFieldsByKind,
    // The larger models' files omit these.
    num_attention_heads: size.default(8),
    num_key_value_heads: size.default(4),
    vocab_size: size.default(262208),
    max_position_embeddings: size.default(131072),
    rope_local_base_freq: z.number().positive().default(10000),
    sliding_window_pattern: size.default(6),
    // attn_logit_softcapping is present too, but transformers ignores it.
    final_logit_softcapping: capField.default(null),
  },
  describe(c, path) {
    const sliding = slidingLayers(c, everyNth(c.sliding_window_pattern), path)
    const theta = { full: 1e6, sliding: c.rope_local_base_freq }
    const rotary = rotaryByKind(c, { dHead: c.head_dim, theta }, path)
    return standardDecoder('gemma3_text', { ...c, rope_parameters: undefined }, path, {
      core: { activation: c.hidden_activation, maxPositions: rotary.maxPositions },
      norm: gemmaNorm(c.rms_norm_eps),
      norms: sandwich,
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      attention: ({ norm, layer }, { dHead }) => ({
        scale: c.query_pre_attn_scalar ** -0.5,
        queryNorm: norm('self_attn.q_norm', dHead),
        keyNorm: norm('self_attn.k_norm', dHead),
        window: sliding[layer] ? c.sliding_window : null,
        rotary: sliding[layer] ? rotary.sliding : rotary.full,
      }),
      embedding: embeddingScale(c.hidden_size),
      unembedding: { softcap: c.final_logit_softcapping },
    })
  },
})

/** VaultGemma (arXiv 2510.15001): Gemma 2 with norms before only. */
export const vaultgemma = family({
  name: 'vaultgemma',
  examples: ['google/vaultgemma-1b'],
  special: 'as gemma2, with norms before attention and MLP only',
  fields: gemma2AllFields,
  describe: (c, path) =>
    gemma2Decoder('vaultgemma', c, path, ({ norm }) => ({
      beforeAttention: norm('input_layernorm'),
      beforeMlp: norm('pre_feedforward_layernorm'),
    })),
})
