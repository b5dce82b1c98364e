import { alibiSlopes } from '../alibi.js'
import { activationField } from '../activations.js'
import { blockCount, family, flag, insist, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { rotaryFields, rotaryOf } from '../rotary.js'
import { decoderOf } from '../standard.js'
import { type LayerParts } from '../layer-parts.js'

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
  describe(c, path) {
    const { hidden_size: dModel, num_attention_heads: heads, new_decoder_architecture: newer } = c
    const parallel = newer || c.parallel_attn
    const norms = parallel ? (c.num_ln_in_parallel_attn ?? (newer ? 2 : 1)) : 1
    insist(
      c.parallel_attn || !newer,
      path,
      'new_decoder_architecture without parallel_attn is not run by transformers either',
    )
    insist(norms === 1 || newer, path, 'num_ln_in_parallel_attn 2 needs new_decoder_architecture')
    const dHead = dModel / heads
    const rotation = { dHead, maxPositions: c.max_position_embeddings }
    const core = {
      family: 'falcon',
      blocks: c.num_hidden_layers,
      dModel,
      heads,
      keyValueHeads: newer ? (c.num_kv_heads ?? heads) : c.multi_query ? 1 : heads,
      dMlp: c.ffn_hidden_size ?? 4 * dModel,
      activation: c.activation,
      vocab: c.vocab_size,
      tied: c.tie_word_embeddings,
      ...(c.alibi ? { rotary: null, maxPositions: c.max_position_embeddings } : rotaryOf(c, rotation, path)),
    }
    return decoderOf(core, path, {
      names: {
        ...{ prefix: 'transformer.', tokens: 'transformer.word_embeddings', layers: 'transformer.h' },
        ...{ finalNorm: 'transformer.ln_f', out: 'self_attention.dense' },
      },
      norm: (name, width) => layerNorm(name, width, c.layer_norm_epsilon),
      parallel,
      norms: ({ norm }: LayerParts) => {
        if (norms === 2) return { beforeAttention: norm('ln_attn'), beforeMlp: norm('ln_mlp') }
        const beforeAttention = norm('input_layernorm')
        return { beforeAttention, beforeMlp: parallel ? 'shared' : norm('post_attention_layernorm') }
      },
      bias: { queryKeyValue: c.bias, out: c.bias },
      fused: { name: 'self_attention.query_key_value', order: 'groups' },
      attention: (_, { scale }) => ({
        alibi: c.alibi ? { slopes: alibiSlopes(heads), roundedToBf16: scale } : null,
      }),
      mlp: (parts) => parts.plainMlp('mlp.dense_h_to_4h', 'mlp.dense_4h_to_h', { bias: c.bias }),
    })
  },
})
