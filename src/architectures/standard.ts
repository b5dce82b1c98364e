import type { z } from 'zod'
import { activationField } from './activations.js'
import { blockCount, flag, insist, positive, size } from './config.js'
import type { AttentionSpec, DecoderSpec, LayerNorms, LayerSpec } from './decoder.js'
import { rmsNorm, tensor } from './parts.js'
import { rotaryFields, rotaryOf, type RotaryOptions } from './rotary.js'
import { type Core, llamaNames, LayerParts, type Changes } from './layer-parts.js'

/**
 * The standard decoder, from which families describe their differences: LLaMA's names of tensors, a norm before attention and one
 * before the MLP, projections apart, a gated MLP, no biases.
 */
export function decoderOf(core: Core, path: string, changes: Changes): DecoderSpec {
  const { dModel, vocab, heads } = core
  const keyValueHeads = core.keyValueHeads ?? heads
  const dHead = core.dHead ?? dModel / heads
  insist(
    Number.isInteger(dHead) && heads % keyValueHeads === 0,
    path,
    `${heads} heads, ${keyValueHeads} key-value heads and hidden_size ${dModel} do not divide evenly`,
  )
  const names = { ...llamaNames, ...changes.names }
  const tokens = tensor(`${names.tokens}.weight`, vocab, dModel)
  const layers = Array.from({ length: core.blocks }, (_, layer): LayerSpec => {
    const parts = new LayerParts(core, changes, `${names.layers}.${layer}`, layer)
    const attention = usualAttention(parts, { heads, keyValueHeads, dHead }, changes)
    return {
      attention: { ...attention, ...changes.attention?.(parts, attention) },
      mlp: changes.mlp?.(parts) ?? parts.gatedMlp(),
      norms: {
        ...noNorms,
        ...(changes.norms?.(parts) ?? {
          beforeAttention: parts.norm('input_layernorm'),
          beforeMlp: parts.norm('post_attention_layernorm'),
        }),
      },
      parallel: changes.parallel ?? false,
      residualScale: changes.residualScale ?? 1,
      residualIsNormed: changes.residualIsNormed ?? false,
    }
  })
  return {
    family: core.family,
    blocks: layers.length,
    dModel,
    vocab,
    maxPositions: core.maxPositions,
    prefix: names.prefix,
    embedding: { tokens, scale: 1, positions: null, norm: null, projection: null, ...changes.embedding },
    layers,
    finalNorm: changes.norm(names.finalNorm, dModel),
    unembedding: {
      projection: null,
      weight: core.tied ? tokens : tensor(`${names.head}.weight`, vocab, dModel),
      bias: null,
      scale: 1,
      softcap: null,
      ...changes.unembedding,
    },
    ...changes.ends,
  }
}

function usualAttention(
  parts: LayerParts,
  sizes: { readonly heads: number; readonly keyValueHeads: number; readonly dHead: number },
  { names: changed, bias: { queryKeyValue = false, out = false } = {}, fused }: Changes,
): AttentionSpec {
  const { heads, keyValueHeads, dHead } = sizes
  const { dModel, rotary } = parts.core
  const names = { ...llamaNames, ...changed }
  const [queries, keys] = [heads * dHead, keyValueHeads * dHead]
  return {
    ...sizes,
    dValue: dHead,
    project: fused
      ? {
          kind: 'fused',
          queryKeyValue: parts.linear(fused.name, dModel, queries + 2 * keys, queryKeyValue),
          order: fused.order,
        }
      : {
          kind: 'split',
          query: parts.linear(names.query, dModel, queries, queryKeyValue),
          key: parts.linear(names.key, dModel, keys, queryKeyValue),
          value: parts.linear(names.value, dModel, keys, queryKeyValue),
        },
    out: parts.linear(names.out, queries, dModel, out),
    scale: dHead ** -0.5,
    queryNorm: null,
    keyNorm: null,
    normsRotated: false,
    clip: null,
    rotary,
    softcap: null,
    sinks: null,
    alibi: null,
    window: null,
    chunk: null,
    temperature: null,
  }
}

const noNorms: LayerNorms = {
  beforeAttention: null,
  afterAttention: null,
  afterAttentionSum: null,
  beforeMlp: null,
  afterMlp: null,
  afterMlpSum: null,
}

/** The fields of config.json in LLaMA and most later families. */
export const standardFields = {
  hidden_size: size,
  num_hidden_layers: blockCount,
  intermediate_size: size,
  num_attention_heads: size,
  num_key_value_heads: size.optional(),
  head_dim: size.optional(),
  rms_norm_eps: positive.default(1e-6),
  max_position_embeddings: size.default(2048),
  vocab_size: size,
  tie_word_embeddings: flag.default(false),
  hidden_act: activationField.default('silu'),
  ...rotaryFields,
}

export type StandardConfig = z.infer<z.ZodObject<typeof standardFields>>

/** A decoder with LLaMA's config fields: RMSNorm and rotary embedding, unless the family says otherwise. */
export function standardDecoder(
  family: string,
  c: Omit<StandardConfig, 'rms_norm_eps' | 'head_dim' | 'num_key_value_heads'> & {
    readonly num_key_value_heads?: number | null | undefined
    readonly rms_norm_eps?: number
    readonly head_dim?: number | null | undefined
  },
  path: string,
  {
    rotary: rotation = {},
    core = {},
    ...changes
  }: Partial<Changes> & {
    readonly rotary?: Pick<RotaryOptions, 'theta' | 'partial' | 'odd' | 'interleaved'>
    readonly core?: Partial<Core>
  } = {},
): DecoderSpec {
  const dHead = core.dHead ?? c.head_dim ?? c.hidden_size / c.num_attention_heads
  const { rotary, maxPositions } = rotaryOf(
    c,
    { dHead, maxPositions: c.max_position_embeddings, ...rotation },
    path,
  )
  const whole = {
    family,
    blocks: c.num_hidden_layers,
    dModel: c.hidden_size,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads,
    dHead,
    dMlp: c.intermediate_size,
    activation: c.hidden_act,
    vocab: c.vocab_size,
    tied: c.tie_word_embeddings,
    maxPositions,
    rotary,
    ...core,
  }
  const norm = (name: string, width: number) => rmsNorm(name, width, c.rms_norm_eps ?? 1e-6)
  return decoderOf(whole, path, { norm, ...changes })
}
