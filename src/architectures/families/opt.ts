import { activationField } from '../activations.js'
import { blockCount, family, flag, size } from '../config.js'
import { layerNorm, linear, tensor } from '../parts.js'
import { decoder } from '../standard.js'

/** OPT (arXiv 2205.01068): learned positions from row 2 on; norms before attention and MLP, or after the sum (350M). */
export const opt = family({
  name: 'opt',
  examples: ['facebook/opt-125m', 'facebook/opt-350m', 'facebook/opt-6.7b'],
  special: 'learned positions with an offset; post-norm and a narrower embedding in the 350M',
  fields: {
    hidden_size: size,
    num_hidden_layers: blockCount,
    ffn_dim: size,
    num_attention_heads: size,
    vocab_size: size,
    max_position_embeddings: size.default(2048),
    do_layer_norm_before: flag.default(true),
    _remove_final_layer_norm: flag.default(false),
    word_embed_proj_dim: size.optional(),
    activation_function: activationField.default('relu'),
    enable_bias: flag.default(true),
    layer_norm_elementwise_affine: flag.default(true),
    tie_word_embeddings: flag.default(true),
  },
  describe(c) {
    const { hidden_size: dModel, enable_bias: bias, do_layer_norm_before: before } = c
    const affine = c.layer_norm_elementwise_affine
    const width = c.word_embed_proj_dim ?? dModel
    const tokens = tensor('model.decoder.embed_tokens.weight', c.vocab_size, width)
    const project = (name: string, inputs: number, outputs: number) =>
      width === dModel ? null : linear(`model.decoder.${name}`, inputs, outputs)
    const table = tensor('model.decoder.embed_positions.weight', c.max_position_embeddings + 2, dModel)
    return decoder(
      { ...c, intermediate_size: c.ffn_dim, hidden_act: c.activation_function },
      {
        names: {
          layers: 'model.decoder.layers',
          finalNorm: 'model.decoder.final_layer_norm',
          out: 'self_attn.out_proj',
        },
        norm: layerNorm(1e-5, { weight: affine, bias: affine }),
        norms: ({ norm }) => {
          const [first, second] = [norm('self_attn_layer_norm'), norm('final_layer_norm')]
          return before
            ? { beforeAttention: first, beforeMlp: second }
            : { afterAttentionSum: first, afterMlpSum: second }
        },
        rotary: null,
        bias: { queryKeyValue: bias, out: bias },
        mlp: (parts) => parts.plainMlp('fc1', 'fc2', { bias }),
        embedding: {
          tokens,
          positions: { table, offset: 2 },
          projection: project('project_in', width, dModel),
        },
        unembedding: {
          projection: project('project_out', dModel, width),
          weight: c.tie_word_embeddings ? tokens : tensor('lm_head.weight', c.vocab_size, width),
        },
        ...(before && !c._remove_final_layer_norm ? {} : { ends: { finalNorm: null } }),
      },
    )
  },
})
