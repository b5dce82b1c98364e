import { z } from 'zod'
import { mptSlopes } from '../alibi.js'
import { blockCount, capField, family, flag, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { decoder } from '../standard.js'

const attentionFields = z.looseObject({
  attn_type: z.literal('multihead_attention').default('multihead_attention'),
  clip_qkv: capField.default(null),
  softmax_scale: z.number().positive().nullable().default(null),
  prefix_lm: z.literal(false).default(false),
  qk_ln: z.literal(false).default(false),
  alibi: z.literal(true).default(true),
})

/** MPT (transformers' modeling_mpt.py, which ignores `alibi_bias_max`): ALiBi, no biases anywhere, one product for queries, keys and values. */
export const mpt = family({
  name: 'mpt',
  examples: ['mosaicml/mpt-7b', 'mosaicml/mpt-30b'],
  special: 'ALiBi; no biases, not even in LayerNorm; clipped queries, keys and values',
  fields: {
    d_model: size,
    n_heads: size,
    n_layers: blockCount,
    max_seq_len: size.default(2048),
    vocab_size: size,
    layer_norm_epsilon: positive.default(1e-5),
    attn_config: attentionFields.prefault({}),
    // transformers builds none, regardless.
    no_bias: flag.default(true),
    logit_scale: z.null().default(null),
    tie_word_embeddings: flag.default(true),
  },
  renamed: { hidden_size: 'd_model', num_attention_heads: 'n_heads', num_hidden_layers: 'n_layers' },
  describe(c) {
    const { clip_qkv: clip, softmax_scale: scale } = c.attn_config
    return decoder(
      { ...c, max_position_embeddings: c.max_seq_len, hidden_act: 'gelu' },
      {
        names: {
          prefix: 'transformer.',
          tokens: 'transformer.wte',
          layers: 'transformer.blocks',
          finalNorm: 'transformer.norm_f',
          out: 'attn.out_proj',
        },
        norm: layerNorm(c.layer_norm_epsilon, { bias: false }),
        norms: ({ norm }) => ({ beforeAttention: norm('norm_1'), beforeMlp: norm('norm_2') }),
        rotary: null,
        fused: { name: 'attn.Wqkv', order: 'columns' },
        attention: (_, usual) => ({
          scale: scale ?? usual.scale,
          clip,
          alibi: { slopes: mptSlopes(c.n_heads), roundedToBf16: null },
        }),
        mlp: (parts) => parts.plainMlp('ffn.up_proj', 'ffn.down_proj', { bias: false }),
      },
    )
  },
})
