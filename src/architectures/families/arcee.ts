import { activationField } from '../activations.js'
import { family, flag, positive, size } from '../config.js'
import { decoder, standardFields } from '../standard.js'

/** Arcee's AFM: LLaMA with an MLP of squared ReLU. */
export const arcee = family({
  name: 'arcee',
  examples: ['arcee-ai/AFM-4.5B-Base'],
  special: 'squared ReLU without a gate',
  fields: {
    ...standardFields,
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(4096),
    hidden_act: activationField.default('relu2'),
    attention_bias: flag.default(false),
    mlp_bias: flag.default(false),
  },
  describe: (c) =>
    decoder(c, { mlp: (parts) => parts.plainMlp('mlp.up_proj', 'mlp.down_proj', { bias: c.mlp_bias }) }),
})
