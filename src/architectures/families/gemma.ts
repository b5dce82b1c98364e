import { z } from 'zod'
import { activationField } from '../activations.js'
import { capField, family, flag, size, windowField } from '../config.js'
import { everyNth, layerTypesField } from '../layer-kinds.js'
import type { Changes, LayerParts } from '../layer-parts.js'
import { rmsNorm } from '../parts.js'
import { rotaryByKind, rotaryFieldsByKind } from '../rotary.js'
import { decoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  head_dim: size.default(256),
  max_position_embeddings: size.default(8192),
  tie_word_embeddings: flag.default(true),
  hidden_act: activationField.default('gelu_pytorch_tanh'),
  attention_bias: flag.default(false),
  use_bidirectional_attention: z.literal(false).default(false),
}

/** A scaled embedding; RMSNorm whose weight is stored as its difference from 1. */
function shared(c: { readonly rms_norm_eps: number; readonly hidden_size: number }): Changes {
  return {
    norm: rmsNorm(c.rms_norm_eps, { weightOffset: 1 }),
    embedding: { scale: Math.sqrt(c.hidden_size) },
  }
}

/** Gemma (arXiv 2403.08295): a scaled embedding, norms stored as differences from 1, GELU in the gate. */
export const gemma = family({
  name: 'gemma',
  examples: ['google/gemma-2b'],
  special: 'embedding times sqrt(d_model); norm weights stored as differences from 1',
  fields,
  describe: (c) =>
    // The first releases say "gelu" and mean its tanh form; transformers reads them so.
    decoder({ ...c, hidden_act: c.hidden_act === 'gelu' ? 'gelu_pytorch_tanh' : c.hidden_act }, shared(c)),
})

const gemma2Fields = {
  ...fields,
  hidden_activation: activationField.default('gelu_pytorch_tanh'),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: windowField.default(4096),
  layer_types: layerTypesField,
  final_logit_softcapping: capField.default(30),
  attn_logit_softcapping: capField.default(50),
}
type Gemma2 = z.infer<z.ZodObject<typeof gemma2Fields>>

/** A window in every second layer, soft-capped scores and logits. */
function gemma2Decoder(c: Gemma2, norms: NonNullable<Changes['norms']>) {
  return decoder(
    { ...c, hidden_act: c.hidden_activation },
    {
      ...shared(c),
      norms,
      sliding: everyNth(2),
      attention: () => ({ scale: c.query_pre_attn_scalar ** -0.5, softcap: c.attn_logit_softcapping }),
      unembedding: { softcap: c.final_logit_softcapping },
    },
  )
}

/** Norms around attention and MLP both. */
const sandwich = ({ norm }: LayerParts) => ({
  beforeAttention: norm('input_layernorm'),
  afterAttention: norm('post_attention_layernorm'),
  beforeMlp: norm('pre_feedforward_layernorm'),
  afterMlp: norm('post_feedforward_layernorm'),
})

/** Gemma 2 (arXiv 2408.00118): norms before and after, a window in every second layer, soft-capped scores and logits. */
export const gemma2 = family({
  name: 'gemma2',
  examples: ['google/gemma-2-2b', 'google/gemma-2-9b'],
  special: 'norms before and after; alternating windows; soft-capped scores and logits; own scale of scores',
  fields: gemma2Fields,
  describe: (c) => gemma2Decoder(c, sandwich),
})

/** VaultGemma (arXiv 2510.15001): Gemma 2 with norms before only. */
export const vaultgemma = family({
  name: 'vaultgemma',
  examples: ['google/vaultgemma-1b'],
  special: 'as gemma2, with norms before attention and MLP only',
  fields: gemma2Fields,
  describe: (c) =>
    gemma2Decoder(c, ({ norm }) => ({
      beforeAttention: norm('input_layernorm'),
      beforeMlp: norm('pre_feedforward_layernorm'),
    })),
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
    final_logit_softcapping: capField.default(null),
    // transformers ignores it.
    attn_logit_softcapping: z.unknown().optional(),
  },
  describe(c) {
    const theta = { full: 1e6, sliding: c.rope_local_base_freq }
    const { full, sliding, maxPositions } = rotaryByKind(c, { dHead: c.head_dim, theta })
    return decoder(
      { ...c, hidden_act: c.hidden_activation, rope_parameters: undefined },
      {
        ...shared(c),
        norms: sandwich,
        sliding: everyNth(c.sliding_window_pattern),
        queryKeyNorms: 'each head',
        attention: ({ slides }) => ({
          scale: c.query_pre_attn_scalar ** -0.5,
          rotary: slides ? sliding : full,
        }),
        unembedding: { softcap: c.final_logit_softcapping },
        ends: { maxPositions },
      },
    )
  },
})
