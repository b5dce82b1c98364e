import { z } from 'zod'
import { family, flag } from '../config.js'
import { standardDecoder, standardFields } from '../standard.js'

export const graniteFields = {
  ...standardFields,
  attention_bias: flag.default(false),
  embedding_multiplier: z.number().default(1),
  logits_scaling: z.number().positive().default(1),
  residual_multiplier: z.number().default(1),
  attention_multiplier: z.number().default(1),
}

/** Granite 3 (arXiv 2408.13359): LLaMA with multipliers of embedding, scores, residual and logits. */
export const granite = family({
  name: 'granite',
  examples: ['ibm-granite/granite-3.1-2b-base'],
  special: 'multipliers of embedding, scores, residual and logits',
  fields: { ...graniteFields, mlp_bias: flag.default(false) },
  describe: (c, path) =>
    standardDecoder('granite', c, path, {
      ...graniteScales(c),
      mlp: (parts) => parts.gatedMlp({ bias: c.mlp_bias }),
    }),
})

export function graniteScales(c: z.infer<z.ZodObject<typeof graniteFields>>) {
  return {
    bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
    attention: () => ({ scale: c.attention_multiplier }),
    residualScale: c.residual_multiplier,
    embedding: { scale: c.embedding_multiplier },
    unembedding: { scale: 1 / c.logits_scaling },
  }
}
