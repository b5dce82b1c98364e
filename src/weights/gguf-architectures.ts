import type { GgufMetadata } from './gguf-metadata.js'

/**
 * GGUF's architectures as the Hugging Face models that they were converted from: which names tensors had, how their rows were
 * reordered, and config.json's fields (llama.cpp's conversion scripts; the `gguf` package's tensor_mapping.py).
 */
export interface GgufArchitecture {
  /** config.json's `model_type`. */
  readonly modelType: string
  /** Fields beyond those that most models have (gguf-config.ts). */
  readonly config?: (model: GgufMetadata) => Record<string, unknown>
  /** What stands before a block's number. */
  readonly layers: string
  /** Names outside the blocks, and names in them, without `.weight` and `.bias`. */
  readonly outer: Readonly<Record<string, string>>
  readonly block: Readonly<Record<string, string>>
  /** Names in the blocks of models that have a tensor, by its name. */
  readonly blockWith?: readonly [tensor: string, names: Readonly<Record<string, string>>]
  /** Rotary pairs were put side by side in the rows of queries and keys. */
  readonly rotaryPairs?: boolean
  /** Queries, keys and values of each group of heads stood together; GGUF has all queries, then all keys, then all values. */
  readonly groupedQkv?: boolean
  /** Parts stored `[in, out]` by Hugging Face. */
  readonly transposed?: readonly string[]
  /** Norm weights had 1 added. */
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
/** Some converters write 4 d_model whatever it is. */
const mlpWidth = (model: GgufMetadata) =>
  model.shape('blk.0.ffn_up.weight')?.[0] ?? model.read('feed_forward_length')
/** BLOOM's and Falcon's names within a block; GPT-NeoX's differ in one word. */
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
/** Scores are scaled by the width of a head; in the largest model of the series, by d_model / heads. */
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

export const ggufArchitectures: Readonly<Record<string, GgufArchitecture>> = {
  llama: {
    ...llama,
    modelType: 'llama',
    rotaryPairs: true,
    config: (model) => ({
      hidden_act: 'silu',
      ...(model.has('blk.0.attn_q.bias') ? { attention_bias: true } : {}),
      ...(model.has('blk.0.ffn_up.bias') ? { mlp_bias: true } : {}),
    }),
  },
  qwen2: { ...llama, modelType: 'qwen2' },
  qwen3: { ...llama, modelType: 'qwen3', config: attentionBias },
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
    layers: 'model.layers',
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
    layers: 'model.layers',
    outer,
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
    layers: 'model.layers',
    outer,
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
  granite: {
    ...llama,
    modelType: 'granite',
    rotaryPairs: true,
    config: (model) => ({
      ...attentionBias(model),
      embedding_multiplier: model.read('embedding_scale') ?? 1,
      logits_scaling: model.read('logit_scale') ?? 1,
      residual_multiplier: model.read('residual_scale') ?? 1,
      attention_multiplier: model.read('attention.scale') ?? model.dHead ** -0.5,
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
