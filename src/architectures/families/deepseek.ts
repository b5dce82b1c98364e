import { z } from 'zod'
import { family, flag, insist, size } from '../config.js'
import type { AttentionSpec } from '../decoder.js'
import type { LayerParts } from '../layer-parts.js'
import {
  expertCount,
  groupsOf,
  mixture,
  sharedExperts,
  sigmoidMixture,
  sigmoidMixtureFields,
} from '../mixture.js'
import { rmsNorm } from '../parts.js'
import type { parameters } from '../rotary-scalings.js'
import { decoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  attention_bias: flag.default(false),
  q_lora_rank: size.nullable().default(1536),
  kv_lora_rank: size.default(512),
  qk_nope_head_dim: size.default(128),
  qk_rope_head_dim: size.default(64),
  v_head_dim: size.default(128),
  moe_layer_freq: z.literal(1).default(1),
  routed_scaling_factor: z.number().default(1),
}
type Config = z.infer<z.ZodObject<typeof fields>>

/** Multi-head latent attention. The latent norms of transformers use a separate epsilon. */
function latentAttention(c: Config, { linear, tensor }: LayerParts): Partial<AttentionSpec> {
  const { hidden_size: dModel, num_attention_heads: heads, kv_lora_rank: latent, q_lora_rank: ofQuery } = c
  const dHead = c.qk_nope_head_dim + c.qk_rope_head_dim
  const norm = (name: string, width: number) => rmsNorm(1e-6)(tensor(`self_attn.${name}`).name, width)
  const query = (name: string, inputs: number) => linear(`self_attn.${name}`, inputs, heads * dHead)
  const down = (name: string, outputs: number) =>
    linear(`self_attn.${name}`, dModel, outputs, c.attention_bias)
  return {
    keyValueHeads: heads,
    dHead,
    dValue: c.v_head_dim,
    scale: dHead ** -0.5 * sharpening(c.rope_parameters ?? c.rope_scaling) ** 2,
    project: {
      kind: 'latent',
      queryDown:
        ofQuery === null ? null : { linear: down('q_a_proj', ofQuery), norm: norm('q_a_layernorm', ofQuery) },
      query: ofQuery === null ? query('q_proj', dModel) : query('q_b_proj', ofQuery),
      keyValueDown: down('kv_a_proj_with_mqa', latent + c.qk_rope_head_dim),
      latentNorm: norm('kv_a_layernorm', latent),
      keyValue: linear('self_attn.kv_b_proj', latent, heads * (c.qk_nope_head_dim + c.v_head_dim)),
    },
    out: linear('self_attn.o_proj', heads * c.v_head_dim, dModel, c.attention_bias),
  }
}

/** Rotary embedding is described for the rotated part of each head. */
function rotatedOnly<C extends Config>(c: C) {
  return { ...c, head_dim: c.qk_rope_head_dim, num_key_value_heads: undefined }
}

/** YaRN's, of scores: once for queries, once for keys. */
function sharpening(scaling: z.infer<typeof parameters> | undefined): number {
  const { factor = 1, mscale_all_dim: by } = scaling ?? {}
  const scaled = (scaling?.rope_type ?? scaling?.type ?? 'default') !== 'default'
  return scaled && by && factor > 1 ? 0.1 * by * Math.log(factor) + 1 : 1
}

/** DeepSeek-V2 (arXiv 2405.04434): latent attention, small experts and shared ones. */
export const deepseekV2 = family({
  name: 'deepseek_v2',
  examples: ['deepseek-ai/DeepSeek-V2-Lite', 'deepseek-ai/DeepSeek-V2'],
  special: 'multi-head latent attention; mixture of experts with shared ones, by groups of experts by config',
  fields: {
    ...fields,
    mlp_bias: flag.default(false),
    n_routed_experts: expertCount.default(64),
    n_shared_experts: size.default(2),
    num_experts_per_tok: size,
    moe_intermediate_size: size.default(1407),
    first_k_dense_replace: sigmoidMixtureFields.first_k_dense_replace,
    topk_method: z.enum(['greedy', 'group_limited_greedy']).default('greedy'),
    n_group: size.optional(),
    topk_group: size.optional(),
    // transformers omits it, DeepSeek's code does not; no published model has it.
    norm_topk_prob: z.literal(false).default(false),
  },
  renamed: { num_experts: 'n_routed_experts' },
  describe(c) {
    const { n_routed_experts: count, num_experts_per_tok: perRow, n_group, topk_group } = c
    const limited = c.topk_method === 'group_limited_greedy'
    insist(!limited || (n_group && topk_group), 'group_limited_greedy needs n_group and topk_group')
    const groups = limited
      ? groupsOf(
          { count: n_group as number, chosen: topk_group as number, best: 1 },
          { experts: count, perRow },
        )
      : null
    return decoder(rotatedOnly(c), {
      rotary: { interleaved: true },
      attention: (parts) => latentAttention(c, parts),
      mlp: (parts) =>
        parts.layer < c.first_k_dense_replace
          ? parts.gatedMlp({ bias: c.mlp_bias })
          : mixture(parts, {
              count,
              perRow,
              dMlp: c.moe_intermediate_size,
              routing: { scale: c.routed_scaling_factor, groups },
              shared: sharedExperts(parts, c, c.mlp_bias),
            }),
    })
  },
})

/** DeepSeek-V3 (arXiv 2412.19437): routed by sigmoids, with a bias that balances the experts' load. */
export const deepseekV3 = family({
  name: 'deepseek_v3',
  examples: ['deepseek-ai/DeepSeek-V3-Base', 'moonshotai/Moonlight-16B-A3B'],
  special: 'as deepseek_v2, routed by sigmoids with a bias for the choice',
  fields: {
    ...fields,
    max_position_embeddings: size.default(4096),
    rope_interleave: flag.default(true),
    ...sigmoidMixtureFields,
    n_routed_experts: expertCount.default(256),
    n_shared_experts: size.default(1),
    num_experts_per_tok: size.default(8),
    moe_intermediate_size: size.default(2048),
    first_k_dense_replace: z.int().nonnegative().default(3),
    n_group: size.default(8),
    topk_group: size.default(4),
    routed_scaling_factor: z.number().default(2.5),
  },
  renamed: { num_local_experts: 'n_routed_experts' },
  describe: (c) =>
    decoder(rotatedOnly(c), {
      rotary: { interleaved: c.rope_interleave },
      attention: (parts) => latentAttention(c, parts),
      mlp: (parts) => sigmoidMixture(parts, c),
    }),
})
