import { z } from 'zod'
import { activationField } from '../activations.js'
import { blockCount, family, flag, positive, size } from '../config.js'
import { layerNorm, tensor } from '../parts.js'
import { decoderOf } from '../standard.js'
import { type Core } from '../layer-parts.js'

export const gpt2Fields = {
  n_embd: size,
  n_layer: blockCount,
  n_head: size,
  n_inner: size.optional(),
  n_positions: size.default(1024),
  layer_norm_epsilon: positive.default(1e-5),
  activation_function: activationField.default('gelu_new'),
  vocab_size: size,
  tie_word_embeddings: flag.default(true),
  scale_attn_weights: flag.default(true),
}

/** transformers has them for the usual names. */
export const gpt2Renamed = {
  hidden_size: 'n_embd',
  num_hidden_layers: 'n_layer',
  num_attention_heads: 'n_head',
  max_position_embeddings: 'n_positions',
}

export const gpt2Names = {
  prefix: 'transformer.',
  tokens: 'transformer.wte',
  layers: 'transformer.h',
  finalNorm: 'transformer.ln_f',
  out: 'attn.c_proj',
}

export function gpt2Core(family: string, c: z.infer<z.ZodObject<typeof gpt2Fields>>): Core {
  return {
    family,
    blocks: c.n_layer,
    dModel: c.n_embd,
    heads: c.n_head,
    dMlp: c.n_inner ?? 4 * c.n_embd,
    activation: c.activation_function,
    vocab: c.vocab_size,
    tied: c.tie_word_embeddings,
    maxPositions: c.n_positions,
    rotary: null,
  }
}

/**
 * GPT-2 (transformers' modeling_gpt2.py): learned positions, LayerNorm, attention and MLP one after the other, biases
 * everywhere, weights stored `[in, out]`.
 */
export const gpt2 = family({
  name: 'gpt2',
  examples: ['openai-community/gpt2', 'openai-community/gpt2-xl'],
  special: 'learned positions; weights stored `[in, out]`; scores scaled by layer by config',
  fields: {
    ...gpt2Fields,
    scale_attn_by_inverse_layer_idx: flag.default(false),
    add_cross_attention: z.literal(false).default(false),
  },
  renamed: gpt2Renamed,
  describe: (c, path) =>
    decoderOf(gpt2Core('gpt2', c), path, {
      names: gpt2Names,
      stored: 'in-out',
      norm: (name, dModel) => layerNorm(name, dModel, c.layer_norm_epsilon),
      norms: ({ norm }) => ({ beforeAttention: norm('ln_1'), beforeMlp: norm('ln_2') }),
      bias: { queryKeyValue: true, out: true },
      fused: { name: 'attn.c_attn', order: 'columns' },
      attention: ({ layer }, { dHead }) => ({
        scale:
          (c.scale_attn_weights ? dHead ** -0.5 : 1) / (c.scale_attn_by_inverse_layer_idx ? layer + 1 : 1),
      }),
      mlp: (parts) => parts.plainMlp('mlp.c_fc', 'mlp.c_proj'),
      embedding: {
        positions: { table: tensor('transformer.wpe.weight', c.n_positions, c.n_embd), offset: 0 },
      },
    }),
})
