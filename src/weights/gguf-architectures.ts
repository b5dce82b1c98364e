import type { GgufMetadata } from './gguf-metadata.js'

/**
 * Maps a GGUF architecture back to the Hugging Face model it was converted from: tensor names, row order and config.json fields
 * (llama.cpp's conversion scripts; the `gguf` package's tensor_mapping.py).
 */
export interface GgufArchitecture {
  /** config.json's `model_type`. */
  readonly modelType: string
  /** Fields that override or extend the common ones (gguf-config.ts). */
  readonly config?: (model: GgufMetadata) => Record<string, unknown>
  /** Prefix of a block's tensor names, before the block number. */
  readonly layers: string
  /**
   * GGUF to Hugging Face names, outside and inside the blocks, without `.weight` or `.bias`. `{}` is an expert's index in a stack.
   * A GGUF name with its suffix maps to a Hugging Face name that has none.
   */
  readonly outer: Readonly<Record<string, string>>
  readonly block: Readonly<Record<string, string>>
  /** Block names that replace `block` in models that have the tensor. */
  readonly blockWith?: readonly [tensor: string, names: Readonly<Record<string, string>>]
  /** GGUF interleaves rotary pairs: the two rows of a pair are adjacent in queries and keys. */
  readonly rotaryPairs?: boolean
  /** Hugging Face stores queries, keys and values per group of heads; GGUF stores all queries, then all keys, then all values. */
  readonly groupedQkv?: boolean
  /** Tensors that Hugging Face stores as `[in, out]`. */
  readonly transposed?: readonly string[]
  /** Multi-head latent attention: queries and keys come from latents, values have another width, and only part of a head is rotated. */
  readonly latent?: boolean
  /** Conversion to GGUF added 1 to norm weights. */
  readonly normsPlusOne?: boolean
}

const outer = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' }
const attention = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
}
const mlp = { ffn_gate: 'mlp.gate_proj', ffn_up: 'mlp.up_proj', ffn_down: 'mlp.down_proj' }
const llama = {
  layers: 'model.layers',
  outer,
  block: { ...attention, ffn_norm: 'post_attention_layernorm', ...mlp },
} as const
const sandwich = {
  ...attention,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  ...mlp,
  post_ffw_norm: 'post_feedforward_layernorm',
}
const afterOnly = {
  ...llama,
  block: {
    ...attention,
    post_attention_norm: 'post_attention_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
    ...mlp,
  },
}
const gpt2 = {
  layers: 'transformer.h',
  outer: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
  },
  block: {
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
} as const
const gpt2Config = (model: GgufMetadata) => ({
  n_embd: model.read('embedding_length'),
  n_layer: model.read('block_count'),
  n_head: model.read('attention.head_count'),
  n_inner: mlpWidth(model),
  n_positions: model.shape('position_embd.weight')?.[0] ?? model.read('context_length'),
  layer_norm_epsilon: model.read('attention.layer_norm_epsilon'),
})
/** From the tensor's shape: some converters always write 4 d_model as `feed_forward_length`. */
const mlpWidth = (model: GgufMetadata) =>
  model.shape('blk.0.ffn_up.weight')?.[0] ?? model.read('feed_forward_length')
/** Block tensor names of BLOOM, Falcon and GPT-NeoX; only the name of the attention module differs. */
const fused = (attention: string, extra: Readonly<Record<string, string>> = {}) => ({
  attn_norm: 'input_layernorm',
  attn_qkv: `${attention}.query_key_value`,
  attn_output: `${attention}.dense`,
  ffn_norm: 'post_attention_layernorm',
  ffn_up: 'mlp.dense_h_to_4h',
  ffn_down: 'mlp.dense_4h_to_h',
  ...extra,
})
const wordEmbeddings = {
  token_embd: 'transformer.word_embeddings',
  token_embd_norm: 'transformer.word_embeddings_layernorm',
  output_norm: 'transformer.ln_f',
  output: 'lm_head',
}

const attentionBias = (model: GgufMetadata) => ({ attention_bias: model.has('blk.0.attn_q.bias') })
/** `query_pre_attn_scalar`: the head width, or d_model / heads in the largest model of the series, which has `largest` layers. */
const gemmaScale = (model: GgufMetadata, largest: number) =>
  model.number('block_count') === largest
    ? (model.number('embedding_length') ?? NaN) / model.heads
    : model.dHead
const windowAndPattern = (model: GgufMetadata) => {
  const pattern = model.byLayer('attention.sliding_window_pattern')
  const every = pattern ? undefined : model.read('attention.sliding_window_pattern')
  return {
    sliding_window: model.read('attention.sliding_window'),
    sliding_window_pattern: every,
    layer_types: pattern?.map((sliding) => (sliding ? 'sliding_attention' : 'full_attention')),
  }
}

/** Experts per layer, under the family's field name `count`, and experts per token. */
const expertCounts = (model: GgufMetadata, count = 'num_local_experts') => ({
  [count]: model.read('expert_count'),
  num_experts_per_tok: model.read('expert_used_count'),
})
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
const mixtral = {
  ...attention,
  ffn_norm: 'post_attention_layernorm',
  ffn_gate_inp: 'block_sparse_moe.gate',
  ffn_gate_exps: 'block_sparse_moe.experts.{}.w1',
  ffn_up_exps: 'block_sparse_moe.experts.{}.w3',
  ffn_down_exps: 'block_sparse_moe.experts.{}.w2',
}

const graniteConfig = (model: GgufMetadata) => ({
  ...attentionBias(model),
  embedding_multiplier: model.read('embedding_scale') ?? 1,
  logits_scaling: model.read('logit_scale') ?? 1,
  residual_multiplier: model.read('residual_scale') ?? 1,
  attention_multiplier: model.read('attention.scale') ?? model.dHead ** -0.5,
})

export const ggufArchitectures: Readonly<Record<string, GgufArchitecture>> = {
  llama: {
    ...llama,
    modelType: 'llama',
    rotaryPairs: true,
    blockWith: ['blk.0.ffn_gate_inp.weight', mixtral],
    config: (model) => ({
      hidden_act: 'silu',
      ...(model.has('blk.0.ffn_gate_inp.weight') ? { model_type: 'mixtral', ...expertCounts(model) } : {}),
      ...(model.has('blk.0.attn_q.bias') ? { attention_bias: true } : {}),
      ...(model.has('blk.0.ffn_up.bias') ? { mlp_bias: true } : {}),
    }),
  },
  qwen2: { ...llama, modelType: 'qwen2' },
  qwen3: { ...llama, modelType: 'qwen3', config: attentionBias },
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
  gemma: { ...llama, modelType: 'gemma', normsPlusOne: true },
  gemma2: {
    ...llama,
    block: sandwich,
    modelType: 'gemma2',
    normsPlusOne: true,
    config: (model) => ({
      query_pre_attn_scalar: gemmaScale(model, 46),
      ...windowAndPattern(model),
      attn_logit_softcapping: model.read('attn_logit_softcapping'),
      final_logit_softcapping: model.read('final_logit_softcapping'),
    }),
  },
  gemma3: {
    ...llama,
    block: sandwich,
    modelType: 'gemma3_text',
    normsPlusOne: true,
    config: (model) => ({
      query_pre_attn_scalar: gemmaScale(model, 62),
      rope_local_base_freq: model.read('rope.freq_base_swa') ?? 10000,
      ...windowAndPattern(model),
      final_logit_softcapping: model.read('final_logit_softcapping'),
    }),
  },
  phi2: {
    ...llama,
    outer: { ...outer, output_norm: 'model.final_layernorm' },
    block: {
      ...attention,
      attn_output: 'self_attn.dense',
      ffn_up: 'mlp.fc1',
      ffn_down: 'mlp.fc2',
    },
    modelType: 'phi',
    config: (model) => ({ intermediate_size: mlpWidth(model) }),
  },
  phi3: {
    ...llama,
    block: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'self_attn.qkv_proj',
      attn_output: 'self_attn.o_proj',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.gate_up_proj',
      ffn_down: 'mlp.down_proj',
    },
    modelType: 'phi3',
    config: (model) => ({ sliding_window: model.read('attention.sliding_window') || null }),
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
  gptneox: {
    layers: 'gpt_neox.layers',
    outer: {
      token_embd: 'gpt_neox.embed_in',
      output_norm: 'gpt_neox.final_layer_norm',
      output: 'embed_out',
    },
    block: fused('attention'),
    groupedQkv: true,
    modelType: 'gpt_neox',
    config: (model) => ({
      use_parallel_residual: model.read('use_parallel_residual') ?? true,
      rotary_pct: (model.number('rope.dimension_count') ?? model.dHead) / model.dHead,
      rotary_emb_base: model.read('rope.freq_base') ?? 10000,
    }),
  },
  gpt2: {
    ...gpt2,
    transposed: ['attn_qkv', 'attn_output', 'ffn_up', 'ffn_down'],
    modelType: 'gpt2',
    config: gpt2Config,
  },
  starcoder: {
    ...gpt2,
    modelType: 'gpt_bigcode',
    config: (model) => ({
      ...gpt2Config(model),
      multi_query: model.shape('blk.0.attn_qkv.weight')?.[0] !== 3 * (model.number('embedding_length') ?? 0),
    }),
  },
  starcoder2: {
    ...llama,
    block: {
      ...attention,
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    modelType: 'starcoder2',
    config: (model) => ({
      norm_epsilon: model.read('attention.layer_norm_epsilon'),
      use_bias: model.has('blk.0.attn_q.bias'),
      sliding_window: model.read('attention.sliding_window') ?? null,
    }),
  },
  falcon: {
    layers: 'transformer.h',
    outer: wordEmbeddings,
    block: fused('self_attention'),
    blockWith: [
      'blk.0.attn_norm_2.weight',
      fused('self_attention', { attn_norm: 'ln_mlp', attn_norm_2: 'ln_attn' }),
    ],
    groupedQkv: true,
    modelType: 'falcon',
    config: (model) => ({
      num_kv_heads: model.keyValueHeads,
      new_decoder_architecture: model.keyValueHeads !== 1,
      num_ln_in_parallel_attn: model.has('blk.0.attn_norm_2.weight') ? 2 : 1,
      layer_norm_epsilon: model.read('attention.layer_norm_epsilon'),
      ffn_hidden_size: model.read('feed_forward_length'),
    }),
  },
  bloom: {
    layers: 'transformer.h',
    outer: wordEmbeddings,
    block: fused('self_attention'),
    groupedQkv: true,
    modelType: 'bloom',
    config: (model) => ({
      n_layer: model.read('block_count'),
      n_head: model.read('attention.head_count'),
      layer_norm_epsilon: model.read('attention.layer_norm_epsilon'),
      seq_length: model.read('context_length'),
    }),
  },
  mpt: {
    layers: 'transformer.blocks',
    outer: { token_embd: 'transformer.wte', output_norm: 'transformer.norm_f', output: 'lm_head' },
    block: {
      attn_norm: 'norm_1',
      attn_qkv: 'attn.Wqkv',
      attn_output: 'attn.out_proj',
      ffn_norm: 'norm_2',
      ffn_up: 'ffn.up_proj',
      ffn_down: 'ffn.down_proj',
    },
    modelType: 'mpt',
    config: (model) => ({
      d_model: model.read('embedding_length'),
      n_layers: model.read('block_count'),
      n_heads: model.read('attention.head_count'),
      max_seq_len: model.read('context_length'),
      layer_norm_epsilon: model.read('attention.layer_norm_epsilon'),
      attn_config: {
        clip_qkv: model.read('attention.clamp_kqv') || null,
        alibi: model.number('attention.max_alibi_bias') !== 0,
        alibi_bias_max: model.read('attention.max_alibi_bias') ?? 8,
      },
    }),
  },
  stablelm: {
    ...llama,
    modelType: 'stablelm',
    config: (model) => ({
      use_qkv_bias: model.has('blk.0.attn_q.bias'),
      use_parallel_residual: model.read('use_parallel_residual') ?? false,
    }),
  },
  olmo2: { ...afterOnly, modelType: 'olmo2' },
  exaone4: { ...afterOnly, modelType: 'exaone4', config: windowAndPattern },
  'command-r': {
    ...llama,
    modelType: 'cohere',
    config: (model) => ({
      logit_scale: model.read('logit_scale'),
      use_qk_norm: model.has('blk.0.attn_q_norm.weight'),
    }),
  },
  cohere2: {
    ...llama,
    modelType: 'cohere2',
    config: (model) => ({ logit_scale: model.read('logit_scale'), ...windowAndPattern(model) }),
  },
  granite: { ...llama, modelType: 'granite', rotaryPairs: true, config: graniteConfig },
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
  glm4: {
    ...llama,
    block: {
      ...attention,
      post_attention_norm: 'post_self_attn_layernorm',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.gate_up_proj',
      ffn_down: 'mlp.down_proj',
      post_ffw_norm: 'post_mlp_layernorm',
    },
    modelType: 'glm4',
    config: attentionBias,
  },
  smollm3: { ...llama, modelType: 'smollm3', rotaryPairs: true, config: attentionBias },
  nemotron: {
    ...llama,
    modelType: 'nemotron',
    normsPlusOne: true,
    config: (model) => ({
      norm_eps: model.read('attention.layer_norm_epsilon'),
      ...attentionBias(model),
      mlp_bias: model.has('blk.0.ffn_up.bias'),
    }),
  },
}
