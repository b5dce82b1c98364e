import { z } from 'zod'
import { activationField } from '../activations.js'
import { blockCount, family, flag, insist, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { rotaryFields, rotaryOf } from '../rotary.js'
import { decoderOf } from '../standard.js'

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
  describe(c, path) {
    // transformers reads the usual names within rope_parameters only.
    const rotation = { ...c, rope_theta: c.rotary_emb_base, partial_rotary_factor: c.rotary_pct }
    const dHead = c.hidden_size / c.num_attention_heads
    insist(
      Number.isInteger(dHead),
      path,
      `hidden_size ${c.hidden_size} does not divide into ${c.num_attention_heads} heads`,
    )
    const core = {
      family: 'gpt_neox',
      blocks: c.num_hidden_layers,
      dModel: c.hidden_size,
      heads: c.num_attention_heads,
      dMlp: c.intermediate_size,
      activation: c.hidden_act,
      vocab: c.vocab_size,
      tied: c.tie_word_embeddings,
      ...rotaryOf(rotation, { dHead, maxPositions: c.max_position_embeddings, partial: 0.25 }, path),
    }
    return decoderOf(core, path, {
      names: {
        ...{ prefix: 'gpt_neox.', tokens: 'gpt_neox.embed_in', layers: 'gpt_neox.layers' },
        ...{ finalNorm: 'gpt_neox.final_layer_norm', head: 'embed_out', out: 'attention.dense' },
      },
      norm: (name, dModel) => layerNorm(name, dModel, c.layer_norm_eps),
      parallel: c.use_parallel_residual,
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      fused: { name: 'attention.query_key_value', order: 'groups' },
      mlp: (parts) => parts.plainMlp('mlp.dense_h_to_4h', 'mlp.dense_4h_to_h'),
    })
  },
})
