import { alibiSlopes } from '../alibi.js'
import { blockCount, family, flag, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { decoder } from '../standard.js'

/** BLOOM (arXiv 2211.05100): ALiBi, a norm of the embedding, biases everywhere. */
export const bloom = family({
  name: 'bloom',
  examples: ['bigscience/bloom-560m', 'bigscience/bloom-7b1'],
  special: 'ALiBi; a norm after the embedding; one product for queries, keys and values of each head',
  fields: {
    hidden_size: size,
    n_layer: blockCount,
    n_head: size,
    vocab_size: size,
    layer_norm_epsilon: positive.default(1e-5),
    apply_residual_connection_post_layernorm: flag.default(false),
    tie_word_embeddings: flag.default(true),
    // ALiBi itself has no end; this is how far the model was trained.
    seq_length: size.default(2048),
  },
  renamed: { n_embed: 'hidden_size', num_hidden_layers: 'n_layer', num_attention_heads: 'n_head' },
  describe(c) {
    const norm = layerNorm(c.layer_norm_epsilon)
    return decoder(
      { ...c, max_position_embeddings: c.seq_length, hidden_act: 'gelu_new' },
      {
        names: bloomNames,
        norm,
        rotary: null,
        residualIsNormed: c.apply_residual_connection_post_layernorm,
        bias: { queryKeyValue: true, out: true },
        fused: { name: 'self_attention.query_key_value', order: 'groups' },
        attention: () => ({ alibi: { slopes: alibiSlopes(c.n_head), roundedToBf16: null } }),
        mlp: (parts) => parts.plainMlp('mlp.dense_h_to_4h', 'mlp.dense_4h_to_h'),
        embedding: { norm: norm('transformer.word_embeddings_layernorm', c.hidden_size) },
      },
    )
  },
})

/** Falcon's too. */
export const bloomNames = {
  prefix: 'transformer.',
  tokens: 'transformer.word_embeddings',
  layers: 'transformer.h',
  finalNorm: 'transformer.ln_f',
  out: 'self_attention.dense',
}
