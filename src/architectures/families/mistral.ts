import { z } from 'zod'
import { family, keyValueHeadsField, positive, size, windowField } from '../config.js'
import { layerTypesField } from '../layer-kinds.js'
import type { LayerParts } from '../layer-parts.js'
import { expertCount, mixture } from '../mixture.js'
import { parameters } from '../rotary-scalings.js'
import { decoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  num_key_value_heads: keyValueHeadsField.default(8),
  max_position_embeddings: size.default(131072),
  sliding_window: windowField.default(4096),
}

/** Mistral 7B (arXiv 2310.06825): LLaMA with a sliding window in every layer, or in none. */
export const mistral = family({
  name: 'mistral',
  examples: ['mistralai/Mistral-7B-v0.1', 'mistralai/Mistral-7B-v0.3'],
  special: 'a sliding window in all layers by config',
  fields,
  describe: (c) => decoder(c),
})

/** Ministral: Mistral with a window in some of its layers. */
export const ministral = family({
  name: 'ministral',
  examples: ['mistralai/Ministral-8B-Instruct-2410'],
  special: 'sliding windows by layer',
  fields: { ...fields, layer_types: layerTypesField },
  describe: (c) => decoder(c, { sliding: () => c.sliding_window !== null }),
})

/** Mixtral 8x7B (arXiv 2401.04088): Mistral with experts, their weights a softmax over those that are chosen. */
export const mixtral = family({
  name: 'mixtral',
  examples: ['mistralai/Mixtral-8x7B-v0.1', 'mistralai/Mixtral-8x22B-v0.1'],
  special: 'mixture of experts, two of eight for each token',
  fields: {
    ...fields,
    rms_norm_eps: positive.default(1e-5),
    sliding_window: windowField.default(null),
    num_local_experts: expertCount.default(8),
    num_experts_per_tok: size.default(2),
  },
  renamed: { num_experts: 'num_local_experts' },
  describe: (c) =>
    decoder(c, {
      rotary: { theta: 1e6 },
      mlp: (parts) =>
        mixture(parts, {
          ...mixtralExperts(parts),
          count: c.num_local_experts,
          perRow: c.num_experts_per_tok,
          routing: { normalised: true },
        }),
    }),
})

/** The router's and the experts' names. */
export function mixtralExperts(parts: LayerParts) {
  const expert = (index: number) =>
    parts.gatedMlp({ name: `block_sparse_moe.experts.${index}`, parts: ['w1', 'w3', 'w2'] })
  return { router: 'block_sparse_moe.gate', expert }
}

const ropeParameters = parameters.extend({ llama_4_scaling_beta: z.number().default(0.1) })

/** Ministral 3: Mistral with YaRN, and queries that grow with their position. */
export const ministral3 = family({
  name: 'ministral3',
  examples: ['mistralai/Ministral-3-3B-Base-2512'],
  special: 'YaRN; queries scaled by position',
  fields: {
    ...fields,
    head_dim: size.nullable().default(128),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(262144),
    rope_parameters: ropeParameters.prefault({
      rope_type: 'yarn',
      rope_theta: 1e6,
      factor: 16,
      original_max_position_embeddings: 16384,
      mscale: 1,
      mscale_all_dim: 1,
    }),
    sliding_window: windowField.default(null),
  },
  describe(c) {
    const { llama_4_scaling_beta: scale, original_max_position_embeddings: every } = c.rope_parameters
    const temperature = every === undefined ? null : ({ every, offset: 0, scale } as const)
    return decoder(c, { attention: () => ({ temperature }) })
  },
})
