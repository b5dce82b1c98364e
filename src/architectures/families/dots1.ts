import { z } from 'zod'
import { family, flag, windowField } from '../config.js'
import { layerTypesField } from '../layer-kinds.js'
import { sigmoidMixture, sigmoidMixtureFields } from '../mixture.js'
import { decoder, standardFields } from '../standard.js'

/** dots.llm1 (arXiv 2506.05767): DeepSeek-V3's mixture with Qwen3's attention. */
export const dots1 = family({
  name: 'dots1',
  examples: ['rednote-hilab/dots.llm1.base'],
  special: "deepseek_v3's mixture of experts; norms on the queries and keys of each head",
  fields: {
    ...standardFields,
    attention_bias: flag.default(false),
    ...sigmoidMixtureFields,
    norm_topk_prob: flag.default(false),
    sliding_window: windowField.default(4096),
    max_window_layers: z.int().nonnegative().default(62),
    layer_types: layerTypesField,
  },
  renamed: { num_local_experts: 'n_routed_experts' },
  describe: (c) =>
    decoder(c, {
      sliding: (layer) => layer >= c.max_window_layers,
      queryKeyNorms: 'each head',
      mlp: (parts) => sigmoidMixture(parts, c),
    }),
})
