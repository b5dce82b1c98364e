import { activationField } from '../activations.js'
import { blockCount, family, flag, insist, positive, size } from '../config.js'
import { layerNorm, tensor } from '../parts.js'
import { rotaryOf } from '../rotary.js'
import { decoderOf } from '../standard.js'
import { gpt2Renamed } from './gpt2.js'

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
  describe(c, path) {
    const dHead = c.n_embd / c.n_head
    const width = c.rotary_dim ?? dHead
    insist(
      Number.isInteger(dHead) && width % 2 === 0 && width <= dHead,
      path,
      `${c.n_head} heads, n_embd ${c.n_embd} and rotary_dim ${c.rotary_dim} do not fit together`,
    )
    const core = {
      family: 'gptj',
      blocks: c.n_layer,
      dModel: c.n_embd,
      heads: c.n_head,
      dMlp: c.n_inner ?? 4 * c.n_embd,
      activation: c.activation_function,
      vocab: c.vocab_size,
      tied: c.tie_word_embeddings,
      ...rotaryOf({}, { dHead: width, maxPositions: c.n_positions, interleaved: true }, path),
    }
    return decoderOf(core, path, {
      names: {
        ...{ prefix: 'transformer.', tokens: 'transformer.wte', layers: 'transformer.h' },
        ...{ finalNorm: 'transformer.ln_f', query: 'attn.q_proj', key: 'attn.k_proj' },
        ...{ value: 'attn.v_proj', out: 'attn.out_proj' },
      },
      norm: (name, dModel) => layerNorm(name, dModel, c.layer_norm_epsilon),
      parallel: true,
      norms: ({ norm }) => ({ beforeAttention: norm('ln_1'), beforeMlp: 'shared' }),
      mlp: (parts) => parts.plainMlp('mlp.fc_in', 'mlp.fc_out'),
      unembedding: { bias: tensor('lm_head.bias', c.vocab_size) },
    })
  },
})
