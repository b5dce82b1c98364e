import { z } from 'zod'
import { family, flag, positive } from '../config.js'
import { parameters } from '../rotary-scalings.js'
import { decoder, standardFields } from '../standard.js'

const rope = parameters.extend({ alpha: z.number().positive().optional() })

/** Hunyuan (dense): LLaMA with norms of queries and keys after they are rotated, and a scaled base of rotation. */
export const hunyuan = family({
  name: 'hunyuan_v1_dense',
  examples: ['tencent/Hunyuan-0.5B-Pretrain', 'tencent/Hunyuan-7B-Pretrain'],
  special: 'norms on queries and keys after rotation; a scaled base of rotation (`alpha`)',
  fields: {
    ...standardFields,
    rms_norm_eps: positive.default(1e-5),
    attention_bias: flag.default(false),
    rope_scaling: rope.optional(),
    rope_parameters: rope.optional(),
  },
  describe(c) {
    const scaling = c.rope_parameters ?? c.rope_scaling
    const dHead = c.head_dim ?? c.hidden_size / c.num_attention_heads
    const theta = scaling?.rope_theta ?? c.rope_theta ?? 10000
    const byAlpha = (scaling?.rope_type ?? scaling?.type) === 'dynamic' && scaling?.alpha
    const rotation = byAlpha
      ? {
          rope_scaling: undefined,
          rope_parameters: parameters.parse({ rope_theta: theta * byAlpha ** (dHead / (dHead - 2)) }),
        }
      : {}
    return decoder(
      { ...c, ...rotation },
      {
        attention: (parts) => ({
          ...parts.headNorms('self_attn.query_layernorm', 'self_attn.key_layernorm'),
          normsRotated: true,
        }),
      },
    )
  },
})
