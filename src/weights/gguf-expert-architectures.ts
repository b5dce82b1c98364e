import {
  attention,
  attentionBias,
  expertCounts,
  graniteConfig,
  llama,
  mixtral,
  type GgufArchitecture,
} from './gguf-architecture.js'
import type { GgufMetadata } from './gguf-metadata.js'

/** Takes an expert's width from its tensors if no key gives it. */
const expertSizes = (model: GgufMetadata, count = 'num_experts') => ({
  ...expertCounts(model, count),
  moe_intermediate_size:
    model.read('expert_feed_forward_length') ?? model.blockShape('ffn_gate_exps.weight')?.[1],
})
const yarn = (model: GgufMetadata, further: object) => ({
  rope_type: 'yarn',
  factor: model.read('rope.scaling.factor'),
  original_max_position_embeddings: model.read('rope.scaling.original_context_length'),
  ...further,
})
const mixture = {
  ...llama.block,
  ffn_gate_inp: 'mlp.gate',
  ffn_gate_exps: 'mlp.experts.{}.gate_proj',
  ffn_up_exps: 'mlp.experts.{}.up_proj',
  ffn_down_exps: 'mlp.experts.{}.down_proj',
}

/** Mixtures of experts: an expert's index in a stack of tensors becomes part of its name. */
export const ggufExpertArchitectures: Readonly<Record<string, GgufArchitecture>> = {
  qwen2moe: {
    ...llama,
    block: {
      ...mixture,
      ffn_gate_inp_shexp: 'mlp.shared_expert_gate',
      ffn_gate_shexp: 'mlp.shared_expert.gate_proj',
      ffn_up_shexp: 'mlp.shared_expert.up_proj',
      ffn_down_shexp: 'mlp.shared_expert.down_proj',
    },
    modelType: 'qwen2_moe',
    config: (model) => ({
      ...expertSizes(model),
      shared_expert_intermediate_size:
        model.read('expert_shared_feed_forward_length') ?? model.blockShape('ffn_gate_shexp.weight')?.[0],
      qkv_bias: model.has('blk.0.attn_q.bias'),
    }),
  },
  qwen3moe: {
    ...llama,
    block: mixture,
    modelType: 'qwen3_moe',
    config: (model) => ({
      ...attentionBias(model),
      ...expertSizes(model),
      norm_topk_prob: true,
    }),
  },
  olmoe: {
    ...llama,
    block: mixture,
    modelType: 'olmoe',
    config: (model) => ({
      ...expertSizes(model),
      clip_qkv: model.read('attention.clamp_kqv'),
    }),
  },
  deepseek2: {
    ...llama,
    block: {
      ...mixture,
      attn_q_a: 'self_attn.q_a_proj',
      attn_q_a_norm: 'self_attn.q_a_layernorm',
      attn_q_b: 'self_attn.q_b_proj',
      attn_kv_a_mqa: 'self_attn.kv_a_proj_with_mqa',
      attn_kv_a_norm: 'self_attn.kv_a_layernorm',
      attn_kv_b: 'self_attn.kv_b_proj',
      attn_k_b: 'self_attn.k_b_proj',
      attn_v_b: 'self_attn.v_b_proj',
      'exp_probs_b.bias': 'mlp.gate.e_score_correction_bias',
      ffn_gate_shexp: 'mlp.shared_experts.gate_proj',
      ffn_up_shexp: 'mlp.shared_experts.up_proj',
      ffn_down_shexp: 'mlp.shared_experts.down_proj',
    },
    latent: true,
    modelType: 'deepseek_v2',
    config(model) {
      const rotated = model.number('rope.dimension_count') ?? NaN
      const sigmoid = model.number('expert_gating_func') === 2
      const groups = model.number('expert_group_count')
      const mscale = 10 * (model.number('rope.scaling.yarn_log_multiplier') ?? 0)
      return {
        ...expertSizes(model, 'n_routed_experts'),
        model_type: sigmoid ? 'deepseek_v3' : 'deepseek_v2',
        n_shared_experts: model.read('expert_shared_count'),
        first_k_dense_replace: model.read('leading_dense_block_count'),
        routed_scaling_factor: model.read('expert_weights_scale') ?? 1,
        norm_topk_prob: model.read('expert_weights_norm') ?? false,
        q_lora_rank: model.read('attention.q_lora_rank') ?? null,
        kv_lora_rank: model.read('attention.kv_lora_rank'),
        qk_rope_head_dim: rotated,
        // In files with separate attn_k_b and attn_v_b, key_length and value_length are the latent's widths.
        qk_nope_head_dim: (model.number('attention.key_length_mla') ?? model.dHead) - rotated,
        v_head_dim: model.read('attention.value_length_mla') ?? model.read('attention.value_length'),
        ...(sigmoid
          ? { n_group: groups ?? 1, topk_group: model.read('expert_group_used_count') ?? 1 }
          : groups !== undefined && groups > 1
            ? {
                topk_method: 'group_limited_greedy',
                n_group: groups,
                topk_group: model.read('expert_group_used_count'),
              }
            : {}),
        ...(model.read('rope.scaling.type') === 'yarn'
          ? { rope_scaling: yarn(model, { mscale, mscale_all_dim: mscale }) }
          : {}),
      }
    },
  },
  'gpt-oss': {
    ...llama,
    block: {
      ...attention,
      'attn_sinks.weight': 'self_attn.sinks',
      post_attention_norm: 'post_attention_layernorm',
      ffn_gate_inp: 'mlp.router',
      ffn_gate_exps: 'mlp.experts.gate_proj',
      ffn_up_exps: 'mlp.experts.up_proj',
      ffn_down_exps: 'mlp.experts.down_proj',
    },
    modelType: 'gpt_oss',
    config: (model) => ({
      ...attentionBias(model),
      experts_in_gguf: true,
      ...expertCounts(model),
      intermediate_size: model.read('expert_feed_forward_length') ?? model.read('feed_forward_length'),
      sliding_window: model.read('attention.sliding_window'),
      rope_scaling:
        model.read('rope.scaling.type') === 'yarn'
          ? yarn(model, { truncate: false })
          : { rope_type: 'default' },
    }),
  },
  phimoe: {
    ...llama,
    block: mixtral,
    modelType: 'phimoe',
    config: (model) => ({
      ...attentionBias(model),
      lm_head_bias: model.has('output.bias'),
      ...expertCounts(model),
      sliding_window: model.read('attention.sliding_window') || null,
    }),
  },
  granitemoe: {
    ...llama,
    block: {
      ...mixtral,
      ffn_gate_inp: 'block_sparse_moe.router.layer',
      ffn_gate_exps: 'block_sparse_moe.gate_linear',
      ffn_up_exps: 'block_sparse_moe.up_linear',
      ffn_down_exps: 'block_sparse_moe.output_linear',
    },
    modelType: 'granitemoe',
    rotaryPairs: true,
    config: (model) => ({
      ...graniteConfig(model),
      experts_in_gguf: true,
      ...expertCounts(model),
    }),
  },
}
