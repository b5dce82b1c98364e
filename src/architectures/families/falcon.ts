import { alibiSlopes } from '../alibi.js'
import { activationField } from '../activations.js'
import { blockCount, family, flag, insist, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { rotaryFields } from '../rotary.js'
import { decoder } from '../standard.js'
import { bloomNames } from './bloom.js'

/**
 * Falcon (arXiv 2311.16867), old and new: a parallel residual after one norm (7B) or two (40B), or none (RW); one
 * key-value head or groups of them; rotary embedding or ALiBi.
 */
export const falcon = family({
  name: 'falcon',
  examples: ['tiiuae/falcon-7b', 'tiiuae/falcon-40b', 'tiiuae/falcon-rw-1b', 'tiiuae/Falcon3-1B-Base'],
  special: 'one product for each group of heads; ALiBi or rotary embedding; three arrangements of norms',
  fields: {
    hidden_size: size,
    num_hidden_layers: blockCount,
    num_attention_heads: size,
    num_kv_heads: size.optional(),
    num_ln_in_parallel_attn: size.optional(),
    layer_norm_epsilon: positive.default(1e-5),
    alibi: flag.default(false),
    new_decoder_architecture: flag.default(false),
    multi_query: flag.default(true),
    parallel_attn: flag.default(true),
    bias: flag.default(false),
    max_position_embeddings: size.default(2048),
    ffn_hidden_size: size.optional(),
    activation: activationField.default('gelu'),
    tie_word_embeddings: flag.default(true),
    vocab_size: size,
    ...rotaryFields,
  },
  renamed: {
    n_embed: 'hidden_size',
    n_layer: 'num_hidden_layers',
    n_head: 'num_attention_heads',
    n_head_kv: 'num_kv_heads',
  },
  describe(c) {
    const { num_attention_heads: heads, new_decoder_architecture: newer } = c
    const parallel = newer || c.parallel_attn
    const norms = parallel ? (c.num_ln_in_parallel_attn ?? (newer ? 2 : 1)) : 1
    insist(
      c.parallel_attn || !newer,
      'new_decoder_architecture without parallel_attn is not run by transformers either',
    )
    insist(norms === 1 || newer, 'num_ln_in_parallel_attn 2 needs new_decoder_architecture')
    const config = {
      ...c,
      num_key_value_heads: newer ? c.num_kv_heads : c.multi_query ? 1 : heads,
      intermediate_size: c.ffn_hidden_size,
      hidden_act: c.activation,
    }
    return decoder(config, {
      names: bloomNames,
      norm: layerNorm(c.layer_norm_epsilon),
      parallel,
      norms: ({ norm }) => {
        if (norms === 2) return { beforeAttention: norm('ln_attn'), beforeMlp: norm('ln_mlp') }
        const beforeAttention = norm('input_layernorm')
        return { beforeAttention, beforeMlp: parallel ? 'shared' : norm('post_attention_layernorm') }
      },
      rotary: c.alibi ? null : {},
      bias: { queryKeyValue: c.bias, out: c.bias },
      fused: { name: 'self_attention.query_key_value', order: 'groups' },
      attention: (_, { scale }) => ({
        alibi: c.alibi ? { slopes: alibiSlopes(heads), roundedToBf16: scale } : null,
      }),
      mlp: (parts) => parts.plainMlp('mlp.dense_h_to_4h', 'mlp.dense_4h_to_h', { bias: c.bias }),
    })
  },
})
