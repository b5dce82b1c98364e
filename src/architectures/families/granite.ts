import { z } from 'zod'
import { family, flag, size } from '../config.js'
import type { Changes } from '../layer-parts.js'
import { expertCount, expertsOfOneTensor, mixture } from '../mixture.js'
import { decoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  attention_bias: flag.default(false),
  embedding_multiplier: z.number().default(1),
  logits_scaling: z.number().positive().default(1),
  residual_multiplier: z.number().default(1),
  attention_multiplier: z.number().default(1),
}

function scales(c: z.infer<z.ZodObject<typeof fields>>): Changes {
  return {
    attention: () => ({ scale: c.attention_multiplier }),
    residualScale: c.residual_multiplier,
    embedding: { scale: c.embedding_multiplier },
    unembedding: { scale: 1 / c.logits_scaling },
  }
}

/** Granite 3 (arXiv 2408.13359): LLaMA with multipliers of embedding, scores, residual and logits. */
export const granite = family({
  name: 'granite',
  examples: ['ibm-granite/granite-3.1-2b-base'],
  special: 'multipliers of embedding, scores, residual and logits',
  fields: { ...fields, mlp_bias: flag.default(false) },
  describe: (c) => decoder(c, scales(c)),
})

/** Granite 3 MoE: Granite with experts, all of a layer's in one tensor. */
export const granitemoe = family({
  name: 'granitemoe',
  examples: ['ibm-granite/granite-3.1-1b-a400m-base'],
  special: 'as granite, with a mixture of experts',
  fields: {
    ...fields,
    num_local_experts: expertCount.default(8),
    num_experts_per_tok: size.default(2),
    /** Gate and up apart, as GGUF has them. */
    experts_in_gguf: flag.default(false),
  },
  renamed: { num_experts: 'num_local_experts' },
  describe(c) {
    const { num_local_experts: count, num_experts_per_tok: perRow } = c
    const names = c.experts_in_gguf
      ? { gate: 'gate_linear', up: 'up_linear', down: 'output_linear' }
      : { gateUp: 'input_linear', order: 'columns' as const, down: 'output_linear' }
    const weight = (linear: string) => `block_sparse_moe.${linear}.weight`
    return decoder(c, {
      ...scales(c),
      mlp: (parts) =>
        mixture(parts, {
          count,
          perRow,
          router: 'block_sparse_moe.router.layer',
          routing: { score: 'chosen' },
          expert: expertsOfOneTensor(parts, count, names, { weight }, 'out-in'),
        }),
    })
  },
})
