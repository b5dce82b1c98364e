import { z } from 'zod'
import { activationField } from '../activations.js'
import { blockCount, family, flag, insist, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { rotaryFields } from '../rotary.js'
import { decoder } from '../standard.js'

/**
 * GPT-NeoX, the architecture of Pythia (transformers' modeling_gpt_neox.py): LayerNorm, rotary embedding over a part of
 * each head, attention and MLP side by side (Pythia) or one after the other, biases.
 */
export const gptNeox = family({
  name: 'gpt_neox',
  examples: ['EleutherAI/pythia-410m', 'EleutherAI/gpt-neox-20b'],
  special:
    'parallel residual after two norms; one product for queries, keys and values of each head; partial rotary embedding',
  fields: {
    hidden_size: size,
    num_hidden_layers: blockCount,
    intermediate_size: size,
    num_attention_heads: size,
    layer_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(2048),
    vocab_size: size,
    tie_word_embeddings: flag.default(false),
    hidden_act: activationField.default('gelu'),
    attention_bias: flag.default(true),
    use_parallel_residual: flag.default(true),
    ...rotaryFields,
    rotary_pct: z.number().positive().max(1).default(0.25),
    rotary_emb_base: positive.default(10000),
  },
  describe(c) {
    // transformers reads the usual names within rope_parameters only.
    const config = { ...c, rope_theta: c.rotary_emb_base, partial_rotary_factor: c.rotary_pct }
    insist(
      c.hidden_size % c.num_attention_heads === 0,
      `hidden_size ${c.hidden_size} does not divide into ${c.num_attention_heads} heads`,
    )
    return decoder(config, {
      names: {
        prefix: 'gpt_neox.',
        tokens: 'gpt_neox.embed_in',
        layers: 'gpt_neox.layers',
        finalNorm: 'gpt_neox.final_layer_norm',
        head: 'embed_out',
        out: 'attention.dense',
      },
      norm: layerNorm(c.layer_norm_eps),
      rotary: { partial: 0.25 },
      parallel: c.use_parallel_residual,
      fused: { name: 'attention.query_key_value', order: 'groups' },
      mlp: (parts) => parts.plainMlp('mlp.dense_h_to_4h', 'mlp.dense_4h_to_h'),
    })
  },
})
