import { z } from 'zod'
import { family, flag, keyValueHeadsField, positive, size, windowField } from '../config.js'
import type { MlpSpec } from '../decoder.js'
import { everyNth, layerTypesField, slidingLayers } from '../layer-kinds.js'
import { expertCount, linearOfExpert, mixture } from '../mixture.js'
import { parameters } from '../rotary-scalings.js'
import { standardDecoder, standardFields } from '../standard.js'

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
  describe(c, path) {
    const sliding = slidingLayers(c, everyNth(2), path)
    const { num_local_experts: count, hidden_size: dModel, intermediate_size: dMlp } = c
    return standardDecoder(
      'gpt_oss',
      c.rope_parameters || c.rope_scaling ? c : { ...c, ...usualYarn },
      path,
      {
        rotary: { theta: 150000 },
        bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
        attention: ({ tensor, layer }, { heads }) => ({
          sinks: tensor('self_attn.sinks', heads),
          window: sliding[layer] ? c.sliding_window : null,
        }),
        mlp: (parts) =>
          mixture(parts, path, {
            router: 'mlp.router',
            routerBias: true,
            count,
            perRow: c.num_experts_per_tok,
            routing: { score: 'chosen' },
            expert: (index): MlpSpec => {
              const product = (name: string, inputs: number, outputs: number) => {
                const [weight, bias] = c.experts_in_gguf ? ['.weight', '.bias'] : ['', '_bias']
                const names = { weight: `mlp.experts.${name}${weight}`, bias: `mlp.experts.${name}${bias}` }
                const stored = c.experts_in_gguf ? 'out-in' : 'in-out'
                return linearOfExpert(parts, names, { index, count }, [inputs, outputs], stored)
              }
              return {
                kind: 'mlp',
                up: c.experts_in_gguf
                  ? {
                      kind: 'gated',
                      gate: product('gate_proj', dModel, dMlp),
                      up: product('up_proj', dModel, dMlp),
                    }
                  : {
                      kind: 'fused',
                      gateUp: product('gate_up_proj', dModel, 2 * dMlp),
                      order: 'alternating',
                    },
                activation: { kind: 'clamped-swiglu', alpha: c.swiglu_alpha, limit: c.swiglu_limit },
                down: product('down_proj', dMlp, dModel),
              }
            },
          }),
      },
    )
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
