import { activationField } from '../activations.js'
import { blockCount, family, flag, insist, positive, size } from '../config.js'
import { layerNorm, tensor } from '../parts.js'
import { decoder } from '../standard.js'
import { gpt2Names, gpt2Renamed } from './gpt2.js'

/**
 * GPT-J (transformers' modeling_gptj.py): one LayerNorm that attention and MLP both read, side by side; interleaved
 * rotary embedding over the first `rotary_dim` entries of each head; biases in the MLP and the head only.
 */
export const gptJ = family({
  name: 'gptj',
  examples: ['EleutherAI/gpt-j-6b'],
  special: 'parallel residual after one norm; interleaved, partial rotary embedding; a bias in the head',
  fields: {
    n_embd: size,
    n_layer: blockCount,
    n_head: size,
    n_inner: size.optional(),
    n_positions: size.default(2048),
    rotary_dim: size.nullable().default(64),
    layer_norm_epsilon: positive.default(1e-5),
    activation_function: activationField.default('gelu_new'),
    vocab_size: size,
    tie_word_embeddings: flag.default(false),
  },
  renamed: gpt2Renamed,
  describe(c) {
    const dHead = c.n_embd / c.n_head
    const width = c.rotary_dim ?? dHead
    insist(
      Number.isInteger(dHead) && width % 2 === 0 && width <= dHead,
      `${c.n_head} heads, n_embd ${c.n_embd} and rotary_dim ${c.rotary_dim} do not fit together`,
    )
    return decoder(
      { ...c, intermediate_size: c.n_inner, hidden_act: c.activation_function },
      {
        names: {
          ...gpt2Names,
          query: 'attn.q_proj',
          key: 'attn.k_proj',
          value: 'attn.v_proj',
          out: 'attn.out_proj',
        },
        norm: layerNorm(c.layer_norm_epsilon),
        parallel: true,
        norms: ({ norm }) => ({ beforeAttention: norm('ln_1'), beforeMlp: 'shared' }),
        rotary: { dHead: width, interleaved: true },
        mlp: (parts) => parts.plainMlp('mlp.fc_in', 'mlp.fc_out'),
        unembedding: { bias: tensor('lm_head.bias', c.vocab_size) },
      },
    )
  },
})
