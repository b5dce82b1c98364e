import { z } from 'zod'
import { family, flag, keyValueHeadsField, positive, size, windowField } from '../config.js'
import { everyNth, layerTypesField } from '../layer-kinds.js'
import { expertCount, expertsOfOneTensor, mixture } from '../mixture.js'
import { parameters } from '../rotary-scalings.js'
import { decoder, standardFields } from '../standard.js'

/** gpt-oss (arXiv 2508.10925): a sink for each head, windows in every second layer, experts with biases and a clamped SwiGLU. */
export const gptOss = family({
  name: 'gpt_oss',
  examples: ['openai/gpt-oss-20b'],
  special: 'mixture of experts with biases and a clamped SwiGLU; attention sinks; alternating windows; YaRN',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    head_dim: size.default(64),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(131072),
    attention_bias: flag.default(true),
    sliding_window: windowField.default(128),
    layer_types: layerTypesField,
    num_local_experts: expertCount.default(128),
    num_experts_per_tok: size.default(4),
    swiglu_alpha: z.number().default(1.702),
    swiglu_limit: positive.default(7),
    /** Gate and up apart, `[out, in]`, as GGUF has them. */
    experts_in_gguf: flag.default(false),
  },
  renamed: { num_experts: 'num_local_experts', experts_per_token: 'num_experts_per_tok' },
  describe(c) {
    const activation = { kind: 'clamped-swiglu', alpha: c.swiglu_alpha, limit: c.swiglu_limit } as const
    const config = { ...c, ...(c.rope_parameters || c.rope_scaling ? {} : usualYarn), hidden_act: activation }
    const { num_local_experts: count, experts_in_gguf: gguf } = c
    const names = gguf
      ? { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' }
      : { gateUp: 'gate_up_proj', order: 'alternating' as const, down: 'down_proj' }
    const named = (ending: string) => (linear: string) => `mlp.experts.${linear}${ending}`
    const tensors = { weight: named(gguf ? '.weight' : ''), bias: named(gguf ? '.bias' : '_bias') }
    return decoder(config, {
      rotary: { theta: 150000 },
      sliding: everyNth(2),
      attention: ({ tensor }, { heads }) => ({ sinks: tensor('self_attn.sinks', heads) }),
      mlp: (parts) =>
        mixture(parts, {
          count,
          perRow: c.num_experts_per_tok,
          router: 'mlp.router',
          routerBias: true,
          routing: { score: 'chosen' },
          expert: expertsOfOneTensor(parts, count, names, tensors, gguf ? 'out-in' : 'in-out'),
        }),
    })
  },
})

/** If the config does not specify rotation. */
const usualYarn = {
  rope_parameters: parameters.parse({
    rope_type: 'yarn',
    factor: 32,
    beta_fast: 32,
    beta_slow: 1,
    truncate: false,
    original_max_position_embeddings: 4096,
  }),
}
