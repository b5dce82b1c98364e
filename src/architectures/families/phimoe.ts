import { z } from 'zod'
import { family, flag, insist, keyValueHeadsField, positive, size, windowField } from '../config.js'
import { expertCount, mixture } from '../mixture.js'
import { layerNorm, tensor } from '../parts.js'
import { decoder, standardFields } from '../standard.js'
import { mixtralExperts } from './mistral.js'

/** Phi-3.5-MoE (arXiv 2404.14219): LayerNorm, and two experts chosen one after the other (SparseMixer, arXiv 2409.12136). */
export const phimoe = family({
  name: 'phimoe',
  examples: ['microsoft/Phi-3.5-MoE-instruct', 'microsoft/Phi-tiny-MoE-instruct'],
  special: 'mixture of experts chosen one after another; LayerNorm; LongRoPE with its own factors',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(131072),
    sliding_window: windowField.default(null),
    attention_bias: flag.default(false),
    lm_head_bias: flag.default(false),
    num_local_experts: expertCount.default(16),
    router_jitter_noise: z.number().nonnegative().default(0.01),
  },
  renamed: { num_experts: 'num_local_experts' },
  describe(c) {
    insist(c.num_local_experts > 1, 'num_local_experts must be 2 or more')
    const scaling = c.rope_parameters ?? c.rope_scaling
    const mscale = z.number().positive().optional().safeParse(scaling?.['short_mscale'])
    insist(mscale.success, "rope scaling's short_mscale must be a number above 0")
    const sharpened = scaling && { ...scaling, attention_factor: mscale.data ?? scaling.attention_factor }
    return decoder(
      { ...c, rope_scaling: sharpened, rope_parameters: undefined },
      {
        rotary: { theta: 1e6 },
        norm: layerNorm(c.rms_norm_eps),
        mlp: (parts) =>
          mixture(parts, {
            ...mixtralExperts(parts),
            count: c.num_local_experts,
            // transformers always chooses two, ignoring num_experts_per_tok.
            perRow: 2,
            routing: { score: 'sparsemixer', jitter: c.router_jitter_noise },
          }),
        unembedding: c.lm_head_bias ? { bias: tensor('lm_head.bias', c.vocab_size) } : {},
      },
    )
  },
})
