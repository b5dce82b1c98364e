import { family, keyValueHeadsField, positive, size, windowField } from '../config.js'
import { expertCount, mixture } from '../mixture.js'
import { standardDecoder, standardFields } from '../standard.js'

/** Mixtral 8x7B (arXiv 2401.04088): Mistral with experts, their weights a softmax over those that are chosen. */
export const mixtral = family({
  name: 'mixtral',
  examples: ['mistralai/Mixtral-8x7B-v0.1', 'mistralai/Mixtral-8x22B-v0.1'],
  special: 'mixture of experts, two of eight for each token',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(131072),
    sliding_window: windowField.default(null),
    num_local_experts: expertCount.default(8),
    num_experts_per_tok: size.default(2),
  },
  renamed: { num_experts: 'num_local_experts' },
  describe: (c, path) =>
    standardDecoder('mixtral', c, path, {
      rotary: { theta: 1e6 },
      attention: () => ({ window: c.sliding_window }),
      mlp: (parts) =>
        mixture(parts, path, {
          router: 'block_sparse_moe.gate',
          count: c.num_local_experts,
          perRow: c.num_experts_per_tok,
          expert: (index) =>
            parts.gatedMlp({ name: `block_sparse_moe.experts.${index}`, parts: ['w1', 'w3', 'w2'] }),
          routing: { normalised: true },
        }),
    }),
})
