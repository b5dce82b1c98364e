import { activationField } from '../activations.js'
import { family, flag, positive } from '../config.js'
import { layerNorm, tensor } from '../parts.js'
import { decoder, standardFields } from '../standard.js'

/** Phi-1, 1.5 and 2 (arXiv 2309.05463): GPT-J's parallel residual after one norm, biases everywhere. */
export const phi = family({
  name: 'phi',
  examples: ['microsoft/phi-1_5', 'microsoft/phi-2'],
  special: 'parallel residual after one norm; partial rotary embedding; biases, in the head too',
  fields: {
    ...standardFields,
    layer_norm_eps: positive.default(1e-5),
    hidden_act: activationField.default('gelu_new'),
    qk_layernorm: flag.default(false),
  },
  describe: (c) =>
    decoder(c, {
      names: { out: 'self_attn.dense', finalNorm: 'model.final_layernorm' },
      norm: layerNorm(c.layer_norm_eps),
      parallel: true,
      norms: ({ norm }) => ({ beforeAttention: norm('input_layernorm'), beforeMlp: 'shared' }),
      rotary: { partial: 0.5, odd: 'refused' },
      bias: { queryKeyValue: true, out: true },
      attention: (parts) =>
        c.qk_layernorm ? parts.headNorms('self_attn.q_layernorm', 'self_attn.k_layernorm') : {},
      mlp: (parts) => parts.plainMlp('mlp.fc1', 'mlp.fc2'),
      unembedding: { bias: tensor('lm_head.bias', c.vocab_size) },
    }),
})
