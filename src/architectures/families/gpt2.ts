import { z } from 'zod'
import { activationField } from '../activations.js'
import { blockCount, family, flag, positive, size } from '../config.js'
import type { Changes } from '../layer-parts.js'
import { layerNorm, tensor } from '../parts.js'
import { decoder } from '../standard.js'

const fields = {
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
  add_cross_attention: z.literal(false).default(false),
}

/** transformers has them for the usual names. */
export const gpt2Renamed = {
  hidden_size: 'n_embd',
  num_hidden_layers: 'n_layer',
  num_attention_heads: 'n_head',
  max_position_embeddings: 'n_positions',
} as const

export const gpt2Names = {
  prefix: 'transformer.',
  tokens: 'transformer.wte',
  layers: 'transformer.h',
  finalNorm: 'transformer.ln_f',
  out: 'attn.c_proj',
}

/** Learned positions, LayerNorm, a plain MLP, biases. */
export function gpt2Changes(c: {
  readonly max_position_embeddings: number
  readonly hidden_size: number
  readonly layer_norm_epsilon: number
}): Changes {
  const table = tensor('transformer.wpe.weight', c.max_position_embeddings, c.hidden_size)
  return {
    names: gpt2Names,
    norm: layerNorm(c.layer_norm_epsilon),
    norms: ({ norm }) => ({ beforeAttention: norm('ln_1'), beforeMlp: norm('ln_2') }),
    rotary: null,
    bias: { queryKeyValue: true, out: true },
    mlp: (parts) => parts.plainMlp('mlp.c_fc', 'mlp.c_proj'),
    embedding: { positions: { table, offset: 0 } },
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
  fields: { ...fields, scale_attn_by_inverse_layer_idx: flag.default(false) },
  renamed: gpt2Renamed,
  describe: (c) =>
    decoder(
      { ...c, intermediate_size: c.n_inner, hidden_act: c.activation_function },
      {
        ...gpt2Changes(c),
        stored: 'in-out',
        fused: { name: 'attn.c_attn', order: 'columns' },
        attention: ({ layer }, { scale }) => ({
          scale: (c.scale_attn_weights ? scale : 1) / (c.scale_attn_by_inverse_layer_idx ? layer + 1 : 1),
        }),
      },
    ),
})

/** StarCoder and SantaCoder (arXiv 2305.06161): GPT-2 with one key-value head. */
export const gptBigcode = family({
  name: 'gpt_bigcode',
  examples: ['bigcode/starcoder', 'bigcode/gpt_bigcode-santacoder'],
  special: 'learned positions; one key-value head for all queries',
  fields: {
    ...fields,
    activation_function: activationField.default('gelu_pytorch_tanh'),
    multi_query: flag.default(true),
  },
  renamed: gpt2Renamed,
  describe: (c) =>
    decoder(
      {
        ...c,
        num_key_value_heads: c.multi_query ? 1 : c.n_head,
        intermediate_size: c.n_inner,
        hidden_act: c.activation_function,
      },
      {
        ...gpt2Changes(c),
        fused: { name: 'attn.c_attn', order: 'groups' },
        attention: (_, { scale }) => ({ scale: c.scale_attn_weights ? scale : 1 }),
      },
    ),
})
