import { activationField } from '../activations.js'
import { family, flag, positive, size, windowField } from '../config.js'
import { layerNorm } from '../parts.js'
import { decoder, standardFields } from '../standard.js'

/** StarCoder 2 (arXiv 2402.19173): rotary embedding, grouped key-value heads, LayerNorm, a plain MLP, biases. */
export const starcoder2 = family({
  name: 'starcoder2',
  examples: ['bigcode/starcoder2-3b', 'bigcode/starcoder2-15b'],
  special: 'LayerNorm and biases; a sliding window by config',
  fields: {
    ...standardFields,
    num_key_value_heads: size.default(2),
    hidden_act: activationField.default('gelu_pytorch_tanh'),
    max_position_embeddings: size.default(4096),
    norm_epsilon: positive.default(1e-5),
    sliding_window: windowField.default(null),
    use_bias: flag.default(true),
    tie_word_embeddings: flag.default(true),
  },
  describe: (c) =>
    decoder(c, {
      norm: layerNorm(c.norm_epsilon),
      bias: { queryKeyValue: c.use_bias, out: c.use_bias },
      mlp: (parts) => parts.plainMlp('mlp.c_fc', 'mlp.c_proj', { bias: c.use_bias }),
    }),
})
