import { TaskvecError } from '../domain/errors.js'
import type { GgufArchitecture } from './gguf-architecture.js'
import type { GgufMetadata } from './gguf-metadata.js'

/**
 * Builds config.json's fields from the metadata, without undefined ones: the family's defaults apply. Throws MODEL if a head width or
 * the RoPE scaling is unsupported.
 */
export function configOf(model: GgufMetadata, architecture: GgufArchitecture): Record<string, unknown> {
  const { path } = model
  const { dHead } = model
  const valueLength = model.read('attention.value_length')
  if (valueLength !== undefined && valueLength !== dHead && !architecture.latent)
    throw new TaskvecError(
      'MODEL',
      `${path}: ${model.architecture}.attention.value_length is ${String(valueLength)}, but a head has ${dHead}`,
    )
  const rotated = model.read('rope.dimension_count')
  if (rotated !== undefined && rotated !== dHead && architecture.rotaryPairs)
    throw new TaskvecError(
      'MODEL',
      `${path}: ${model.architecture}.rope.dimension_count is ${String(rotated)}, but a head has ${dHead}`,
    )
  const config = {
    model_type: architecture.modelType,
    hidden_size: model.read('embedding_length'),
    num_hidden_layers: model.read('block_count'),
    intermediate_size: model.read('feed_forward_length'),
    num_attention_heads: model.read('attention.head_count'),
    num_key_value_heads: model.read('attention.head_count_kv') ?? model.read('attention.head_count'),
    head_dim: model.read('attention.key_length'),
    rms_norm_eps: model.read('attention.layer_norm_rms_epsilon'),
    layer_norm_eps: model.read('attention.layer_norm_epsilon'),
    max_position_embeddings: model.read('context_length'),
    rope_theta: model.read('rope.freq_base') ?? 10000,
    partial_rotary_factor:
      rotated === undefined || rotated === dHead || architecture.latent ? undefined : Number(rotated) / dHead,
    rope_scaling: ropeScaling(model),
    vocab_size: model.shape('token_embd.weight')?.[0],
    tie_word_embeddings: !model.has('output.weight'),
    bos_token_id: model.token('bos_token_id'),
    eos_token_id: model.token('eos_token_id'),
    ...architecture.config?.(model),
  }
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined))
}

/** Frequency factors are tensors: LLaMA 3 has one factor per frequency, LongRoPE one set each for short and long contexts. */
function ropeScaling(model: GgufMetadata): Record<string, unknown> | null {
  const context = model.number('context_length')
  const type = model.read('rope.scaling.type')
  const short = model.values('rope_factors_short.weight')
  if (short)
    return {
      rope_type: 'longrope',
      short_factor: short,
      long_factor: model.values('rope_factors_long.weight'),
      attention_factor: model.number('rope.scaling.attn_factor'),
      original_max_position_embeddings: model.number('rope.scaling.original_context_length') ?? context,
    }
  const factors = model.values('rope_freqs.weight')
  if (factors)
    return {
      rope_type: 'longrope',
      short_factor: factors,
      attention_factor: 1,
      original_max_position_embeddings: context,
    }
  // Key of files older than `rope.scaling.type` (August 2023).
  const older = model.read('rope.scale_linear')
  if (type === undefined && older !== undefined) return { rope_type: 'linear', factor: older }
  if (type === undefined || type === 'none') return null
  const factor = model.read('rope.scaling.factor')
  if (type === 'linear') return { rope_type: 'linear', factor }
  if (type === 'yarn')
    return {
      rope_type: 'yarn',
      factor,
      original_max_position_embeddings: model.number('rope.scaling.original_context_length'),
    }
  throw new TaskvecError(
    'MODEL',
    `${model.path}: rope scaling "${String(type)}" in a GGUF; known: none, linear, yarn`,
    { hint: 'Take the Hugging Face folder of the model instead.' },
  )
}

export function partOf(name: string): string {
  return name.replace(/^blk\.\d+\./, '')
}
