import { z } from 'zod'
import { family, flag, insist, keyValueHeadsField, positive, size, windowField } from '../config.js'
import { layerTypesField } from '../layer-kinds.js'
import { expertCount, expertsOfOneTensor, mixture } from '../mixture.js'
import { rmsNorm } from '../parts.js'
import { decoder, standardFields } from '../standard.js'

/** LLaMA 4's language model: chunks of attention, no rotation in every fourth layer, one expert for each token and a shared one. */
export const llama4 = family({
  name: 'llama4_text',
  examples: ['meta-llama/Llama-4-Scout-17B-16E'],
  special:
    'mixture of experts with weighted inputs and a shared expert; attention in chunks; every fourth layer unrotated',
  fields: {
    ...standardFields,
    num_key_value_heads: keyValueHeadsField.default(8),
    head_dim: size.default(128),
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(131072),
    intermediate_size_mlp: size.default(16384),
    num_local_experts: expertCount.default(16),
    num_experts_per_tok: size.default(1),
    interleave_moe_layer_step: size.default(1),
    moe_layers: z.array(z.int().nonnegative()).optional(),
    use_qk_norm: flag.default(true),
    no_rope_layers: z.array(z.union([z.int(), flag])).default([]),
    no_rope_layer_interval: size.default(4),
    attention_chunk_size: windowField.default(8192),
    layer_types: layerTypesField,
    attn_temperature_tuning: z.union([flag, z.int()]).default(true),
    floor_scale: positive.default(8192),
    attn_scale: z.number().default(0.1),
    attention_bias: flag.default(false),
  },
  describe(c) {
    const { no_rope_layers: turned, layer_types: types = [], num_local_experts: count } = c
    for (const [name, { length }] of Object.entries({ no_rope_layers: turned, layer_types: types }))
      insist(
        length === 0 || length === c.num_hidden_layers,
        `${name} has ${length} entries for ${c.num_hidden_layers} layers`,
      )
    insist(!types.includes('sliding_attention'), 'layer_types: this family has no sliding_attention')
    const rotates = (layer: number) =>
      turned.length > 0 ? Boolean(turned[layer]) : (layer + 1) % c.no_rope_layer_interval !== 0
    const isChunked = (layer: number) =>
      types.length > 0 ? types[layer] === 'chunked_attention' : rotates(layer)
    const isMixture = (layer: number) =>
      c.moe_layers?.includes(layer) ?? (layer + 1) % c.interleave_moe_layer_step === 0
    const norm = rmsNorm(c.rms_norm_eps, { weight: false })('', c.head_dim)
    const temperature = { every: c.floor_scale, offset: 1, scale: c.attn_scale } as const
    const weight = (linear: string) => `feed_forward.experts.${linear}`
    return decoder(c, {
      rotary: { theta: 500000, interleaved: true },
      attention: ({ layer }) => ({
        chunk: isChunked(layer) ? c.attention_chunk_size : null,
        ...(rotates(layer)
          ? c.use_qk_norm && { queryNorm: norm, keyNorm: norm, normsRotated: true }
          : { rotary: null, temperature: c.attn_temperature_tuning ? temperature : null }),
      }),
      mlp: (parts) =>
        isMixture(parts.layer)
          ? mixture(parts, {
              count,
              perRow: c.num_experts_per_tok,
              router: 'feed_forward.router',
              routing: { score: 'sigmoid' },
              weighsInput: true,
              shared: { mlp: parts.gatedMlp({ name: 'feed_forward.shared_expert' }), gate: null },
              expert: expertsOfOneTensor(
                parts,
                count,
                { gateUp: 'gate_up_proj', order: 'columns', down: 'down_proj' },
                { weight },
                'in-out',
              ),
            })
          : parts.gatedMlp({ name: 'feed_forward', dMlp: c.intermediate_size_mlp }),
    })
  },
})
