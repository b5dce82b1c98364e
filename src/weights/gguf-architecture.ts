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

/** Names and config fields that several architectures share. */

export const outer = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' }
export const attention = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
}
export const mlp = { ffn_gate: 'mlp.gate_proj', ffn_up: 'mlp.up_proj', ffn_down: 'mlp.down_proj' }
export const llama = {
  layers: 'model.layers',
  outer,
  block: { ...attention, ffn_norm: 'post_attention_layernorm', ...mlp },
} as const
export const sandwich = {
  ...attention,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  ...mlp,
  post_ffw_norm: 'post_feedforward_layernorm',
}
export const afterOnly = {
  ...llama,
  block: {
    ...attention,
    post_attention_norm: 'post_attention_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
    ...mlp,
  },
}
export const gpt2 = {
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
export const gpt2Config = (model: GgufMetadata) => ({
  n_embd: model.read('embedding_length'),
  n_layer: model.read('block_count'),
  n_head: model.read('attention.head_count'),
  n_inner: mlpWidth(model),
  n_positions: model.shape('position_embd.weight')?.[0] ?? model.read('context_length'),
  layer_norm_epsilon: model.read('attention.layer_norm_epsilon'),
})
/** From the tensor's shape: some converters always write 4 d_model as `feed_forward_length`. */
export const mlpWidth = (model: GgufMetadata) =>
  model.shape('blk.0.ffn_up.weight')?.[0] ?? model.read('feed_forward_length')
/** Block tensor names of BLOOM, Falcon and GPT-NeoX; only the name of the attention module differs. */
export const fused = (attention: string, extra: Readonly<Record<string, string>> = {}) => ({
  attn_norm: 'input_layernorm',
  attn_qkv: `${attention}.query_key_value`,
  attn_output: `${attention}.dense`,
  ffn_norm: 'post_attention_layernorm',
  ffn_up: 'mlp.dense_h_to_4h',
  ffn_down: 'mlp.dense_4h_to_h',
  ...extra,
})
export const wordEmbeddings = {
  token_embd: 'transformer.word_embeddings',
  token_embd_norm: 'transformer.word_embeddings_layernorm',
  output_norm: 'transformer.ln_f',
  output: 'lm_head',
}
export const attentionBias = (model: GgufMetadata) => ({ attention_bias: model.has('blk.0.attn_q.bias') })
/** `query_pre_attn_scalar`: the head width, or d_model / heads in the largest model of the series, which has `largest` layers. */
export const gemmaScale = (model: GgufMetadata, largest: number) =>
  model.number('block_count') === largest
    ? (model.number('embedding_length') ?? NaN) / model.heads
    : model.dHead
export const windowAndPattern = (model: GgufMetadata) => {
  const pattern = model.byLayer('attention.sliding_window_pattern')
  const every = pattern ? undefined : model.read('attention.sliding_window_pattern')
  return {
    sliding_window: model.read('attention.sliding_window'),
    sliding_window_pattern: every,
    layer_types: pattern?.map((sliding) => (sliding ? 'sliding_attention' : 'full_attention')),
  }
}
/** Experts per layer, under the family's field name `count`, and experts per token. */
export const expertCounts = (model: GgufMetadata, count = 'num_local_experts') => ({
  [count]: model.read('expert_count'),
  num_experts_per_tok: model.read('expert_used_count'),
})
export const mixtral = {
  ...attention,
  ffn_norm: 'post_attention_layernorm',
  ffn_gate_inp: 'block_sparse_moe.gate',
  ffn_gate_exps: 'block_sparse_moe.experts.{}.w1',
  ffn_up_exps: 'block_sparse_moe.experts.{}.w3',
  ffn_down_exps: 'block_sparse_moe.experts.{}.w2',
}
export const graniteConfig = (model: GgufMetadata) => ({
  ...attentionBias(model),
  embedding_multiplier: model.read('embedding_scale') ?? 1,
  logits_scaling: model.read('logit_scale') ?? 1,
  residual_multiplier: model.read('residual_scale') ?? 1,
  attention_multiplier: model.read('attention.scale') ?? model.dHead ** -0.5,
})
