import type { z } from 'zod'
import { activationField } from './activations.js'
import { blockCount, flag, insist, positive, size } from './config.js'
import type { ActivationSpec, AttentionSpec, DecoderSpec, LayerNorms, LayerSpec } from './decoder.js'
import { type layerTypesField, slidingLayers } from './layer-kinds.js'
import { llamaNames, LayerParts, type Changes } from './layer-parts.js'
import { rmsNorm, tensor } from './parts.js'
import { rotaryFields, rotaryOf, type RotaryConfig } from './rotary.js'

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

/** A config under LLaMA's names. */
type StandardConfig = Pick<
  z.infer<z.ZodObject<typeof standardFields>>,
  | 'hidden_size'
  | 'num_hidden_layers'
  | 'num_attention_heads'
  | 'max_position_embeddings'
  | 'vocab_size'
  | 'tie_word_embeddings'
> &
  RotaryConfig & {
    readonly hidden_act: ActivationSpec
    /** Default: four times `hidden_size`. */
    readonly intermediate_size?: number | undefined
    readonly num_key_value_heads?: number | null | undefined
    readonly head_dim?: number | null | undefined
    readonly rms_norm_eps?: number
    readonly attention_bias?: boolean
    readonly mlp_bias?: boolean
    readonly sliding_window?: number | null
    readonly layer_types?: z.infer<typeof layerTypesField>
  }

/**
 * The standard decoder, from which families describe their differences: LLaMA's names of tensors, RMSNorm before attention and
 * before the MLP, projections apart, rotary embedding over whole heads, a gated MLP. Throws MODEL.
 */
export function decoder(c: StandardConfig, changes: Changes = {}): Omit<DecoderSpec, 'family'> {
  const { hidden_size: dModel, num_hidden_layers: blocks, num_attention_heads: heads, vocab_size: vocab } = c
  const keyValueHeads = c.num_key_value_heads ?? heads
  const dHead = c.head_dim ?? dModel / heads
  const slides = changes.sliding && slidingLayers(c.layer_types, blocks, changes.sliding)
  const ofModel = { dHead, maxPositions: c.max_position_embeddings }
  const rotation =
    changes.rotary === null ? { ...ofModel, rotary: null } : rotaryOf(c, { ...ofModel, ...changes.rotary })
  insist(
    Number.isInteger(dHead) && heads % keyValueHeads === 0,
    `${heads} heads, ${keyValueHeads} key-value heads and hidden_size ${dModel} do not divide evenly`,
  )
  const { rotary, maxPositions } = rotation
  const dMlp = c.intermediate_size ?? 4 * dModel
  const core = { dModel, heads, keyValueHeads, dHead, dMlp, activation: c.hidden_act, rotary }
  const { norm = rmsNorm(c.rms_norm_eps ?? 1e-6), stored = 'out-in' } = changes
  const names = { ...llamaNames, ...changes.names }
  const tokens = tensor(`${names.tokens}.weight`, vocab, dModel)
  const layers = Array.from({ length: blocks }, (_, layer): LayerSpec => {
    const sliding = slides?.[layer] ?? true
    const parts = new LayerParts(core, layer, sliding, `${names.layers}.${layer}`, norm, stored)
    const attention = usualAttention(parts, c, changes)
    return {
      attention: { ...attention, ...changes.attention?.(parts, attention) },
      mlp: changes.mlp?.(parts) ?? parts.gatedMlp({ bias: c.mlp_bias ?? false }),
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
    blocks,
    dModel,
    vocab,
    maxPositions,
    prefix: names.prefix,
    embedding: { tokens, scale: 1, positions: null, norm: null, projection: null, ...changes.embedding },
    layers,
    finalNorm: norm(names.finalNorm, dModel),
    unembedding: {
      projection: null,
      weight: c.tie_word_embeddings ? tokens : tensor(`${names.head}.weight`, vocab, dModel),
      bias: null,
      scale: 1,
      softcap: null,
      ...changes.unembedding,
    },
    ...changes.ends,
  }
}

function usualAttention(parts: LayerParts, c: StandardConfig, changes: Changes): AttentionSpec {
  const { dModel, heads, keyValueHeads, dHead, rotary } = parts.core
  const { fused, queryKeyNorms, bias = { queryKeyValue: c.attention_bias, out: c.attention_bias } } = changes
  const names = { ...llamaNames, ...changes.names }
  const [queries, keys] = [heads * dHead, keyValueHeads * dHead]
  const project = (name: string, width: number) => parts.linear(name, dModel, width, bias.queryKeyValue)
  const overAll = queryKeyNorms === 'all heads'
  return {
    ...{ heads, keyValueHeads, dHead },
    dValue: dHead,
    project: fused
      ? { kind: 'fused', queryKeyValue: project(fused.name, queries + 2 * keys), order: fused.order }
      : {
          kind: 'split',
          query: project(names.query, queries),
          key: project(names.key, keys),
          value: project(names.value, keys),
        },
    out: parts.linear(names.out, queries, dModel, bias.out),
    scale: dHead ** -0.5,
    queryNorm: queryKeyNorms ? parts.norm('self_attn.q_norm', overAll ? queries : dHead) : null,
    keyNorm: queryKeyNorms ? parts.norm('self_attn.k_norm', overAll ? keys : dHead) : null,
    normsRotated: false,
    clip: null,
    rotary,
    softcap: null,
    sinks: null,
    alibi: null,
    window: parts.slides ? (c.sliding_window ?? null) : null,
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
