import { activationField } from '../activations.js'
import { family, flag, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { decoder, standardFields } from '../standard.js'

/** Nemotron-4 and Minitron (arXiv 2407.14679): LayerNorm stored as differences from 1, an MLP of squared ReLU. */
export const nemotron = family({
  name: 'nemotron',
  examples: ['nvidia/Minitron-4B-Base', 'nvidia/nemotron-3-8b-base-4k-hf'],
  special: 'LayerNorm stored as differences from 1; squared ReLU without a gate; partial rotary embedding',
  fields: {
    ...standardFields,
    norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(4096),
    hidden_act: activationField.default('relu2'),
    attention_bias: flag.default(false),
    mlp_bias: flag.default(false),
  },
  describe: (c) =>
    decoder(c, {
      norm: layerNorm(c.norm_eps, { weightOffset: 1 }),
      rotary: { partial: 0.5 },
      mlp: (parts) => parts.plainMlp('mlp.up_proj', 'mlp.down_proj', { bias: c.mlp_bias }),
    }),
})
