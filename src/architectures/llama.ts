import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { NumericsMode } from '../domain/numerics.js'
import { GraphBuilder, type OnnxGraph, type Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { activate, activationField, type Activation } from './activations.js'
import type { Architecture, ModelShape, VocabularySlice } from './architecture.js'
import { blockInputs, treeAttention } from './block-parts.js'
import { readConfig } from './config.js'
import { headOutputs } from './head-outputs.js'
import { linear, normedLinears } from './linear.js'
import { rmsNorm } from './norms.js'
import { rotaryEmbedding, rotaryFields } from './rotary.js'

/**
 * LLaMA (transformers' modeling_llama.py): RMSNorm, rotary embedding over whole heads, grouped-query attention, gated
 * MLP, biases by config. Letters: R rows, Q of them computed to the end, H heads, V key-value heads.
 */
export const llama: Architecture = {
  name: 'llama',
  prefix: 'model.',
  describe,
  expectedTensors,
  embed,
  block,
  head,
  macs,
}

/** Field names of Hugging Face's config.json. Values that would change the computation and are not built are refused. */
const schema = z.looseObject({
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive().max(1000),
  intermediate_size: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().optional(),
  head_dim: z.int().positive().nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  max_position_embeddings: z.int().positive().default(2048),
  vocab_size: z.int().positive(),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: activationField.default('silu'),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  partial_rotary_factor: z.number().nullish(),
  ...rotaryFields,
})

function describe(config: Readonly<Record<string, unknown>>, path: string): ModelShape {
  const c = readConfig(schema, config, 'llama', path)
  const keyValueHeads = c.num_key_value_heads ?? c.num_attention_heads
  const dHead = c.head_dim ?? c.hidden_size / c.num_attention_heads
  if (!Number.isInteger(dHead) || dHead % 2 !== 0 || c.num_attention_heads % keyValueHeads !== 0) {
    throw new TaskvecError(
      'MODEL',
      `${path}: ${c.num_attention_heads} heads, ${keyValueHeads} key-value heads and hidden_size ${c.hidden_size} do not divide evenly`,
    )
  }
  refusePartialRotary(c, path)
  const { maxPositions, ...embedding } = rotaryEmbedding(c, dHead, c.max_position_embeddings, path)
  return {
    blocks: c.num_hidden_layers,
    dModel: c.hidden_size,
    vocab: c.vocab_size,
    heads: c.num_attention_heads,
    dHead,
    maxPositions,
    rotary: { width: dHead, ...embedding, interleaved: false },
    options: {
      keyValueHeads,
      dMlp: c.intermediate_size,
      normEpsilon: c.rms_norm_eps,
      tied: c.tie_word_embeddings,
      activation: c.hidden_act,
      attentionBias: c.attention_bias,
      mlpBias: c.mlp_bias,
    },
  }
}

/** Heads rotated in part: some descendants of LLaMA have them, transformers' LLaMA has not. */
function refusePartialRotary(c: z.infer<typeof schema>, path: string): void {
  const places = [c, c.rope_parameters, c.rope_scaling]
  const partial = places.map((place) => place?.partial_rotary_factor).find((part) => (part ?? 1) !== 1)
  if (partial === undefined) return
  throw new TaskvecError(
    'MODEL',
    `${path}: partial_rotary_factor is ${partial}; a llama model's heads are rotated as a whole`,
  )
}

function expectedTensors(shape: ModelShape): Map<string, readonly number[]> {
  const { dModel, vocab, heads, dHead } = shape
  const { keyValueHeads, dMlp, tied, attentionBias, mlpBias } = options(shape)
  const tensors = new Map<string, readonly number[]>([['model.embed_tokens.weight', [vocab, dModel]]])
  const add = (name: string, weight: readonly number[], bias: boolean) => {
    tensors.set(`${name}.weight`, weight)
    if (bias) tensors.set(`${name}.bias`, weight.slice(0, 1))
  }
  for (let layer = 0; layer < shape.blocks; layer++) {
    const prefix = `model.layers.${layer}`
    tensors.set(`${prefix}.input_layernorm.weight`, [dModel])
    add(`${prefix}.self_attn.q_proj`, [heads * dHead, dModel], attentionBias)
    add(`${prefix}.self_attn.k_proj`, [keyValueHeads * dHead, dModel], attentionBias)
    add(`${prefix}.self_attn.v_proj`, [keyValueHeads * dHead, dModel], attentionBias)
    add(`${prefix}.self_attn.o_proj`, [dModel, heads * dHead], attentionBias)
    tensors.set(`${prefix}.post_attention_layernorm.weight`, [dModel])
    add(`${prefix}.mlp.gate_proj`, [dMlp, dModel], mlpBias)
    add(`${prefix}.mlp.up_proj`, [dMlp, dModel], mlpBias)
    add(`${prefix}.mlp.down_proj`, [dModel, dMlp], mlpBias)
  }
  tensors.set('model.norm.weight', [dModel])
  if (!tied) tensors.set('lm_head.weight', [vocab, dModel])
  return tensors
}

function embed(checkpoint: Checkpoint, _shape: ModelShape, tokens: readonly number[]): Float32Array {
  return checkpoint.readRows('model.embed_tokens.weight', tokens)
}

function block(checkpoint: Checkpoint, shape: ModelShape, layer: number, numerics?: NumericsMode): OnnxGraph {
  const { heads, dHead, dModel } = shape
  const { keyValueHeads, normEpsilon, activation, attentionBias, mlpBias } = options(shape)
  const prefix = `model.layers.${layer}`
  const graph = new GraphBuilder(prefix, numerics)
  const inputs = blockInputs(graph, shape)

  // Keys and values of all R rows; queries, attention and MLP of the Q rows that are read later.
  const normed = rmsNorm(graph, checkpoint, `${prefix}.input_layernorm`, inputs.residual, normEpsilon) // [R, d_model]
  const bias = attentionBias
  const [key, values, query] = normedLinears(graph, checkpoint, normed, [
    { name: `${prefix}.self_attn.k_proj`, bias },
    { name: `${prefix}.self_attn.v_proj`, bias },
    // Scaled here, in the product itself: rotation is linear.
    { name: `${prefix}.self_attn.q_proj`, bias, alpha: dHead ** -0.5, rows: inputs.selectRows },
  ]) as [Value, Value, Value]
  const keys = inputs.rotate(key, keyValueHeads, 'all') // [R, V d_head]; values: [R, V d_head]
  const queries = inputs.rotate(query, heads, 'selected') // [Q, H d_head]
  const residual = inputs.selectRows(inputs.residual) // [Q, d_model]

  const attended = treeAttention(graph, {
    queries,
    keys,
    values,
    inputs,
    heads,
    keyValueHeads,
    dHead,
  }) // [Q, H d_head]
  const middle = linear(graph, checkpoint, `${prefix}.self_attn.o_proj`, attended, {
    bias,
    added: residual,
  }) // [Q, d_model]

  const mlpInput = rmsNorm(graph, checkpoint, `${prefix}.post_attention_layernorm`, middle, normEpsilon)
  const [gate, up] = normedLinears(graph, checkpoint, mlpInput, [
    { name: `${prefix}.mlp.gate_proj`, bias: mlpBias },
    { name: `${prefix}.mlp.up_proj`, bias: mlpBias },
  ]) as [Value, Value] // [Q, d_mlp] each
  const activated = graph.node('Mul', [activate(graph, activation, gate), up])
  graph.output(
    'residual_out',
    linear(graph, checkpoint, `${prefix}.mlp.down_proj`, activated, { bias: mlpBias, added: middle }),
    'float',
    ['Q', dModel],
  )
  return graph.build()
}

function head(checkpoint: Checkpoint, shape: ModelShape, slice: VocabularySlice): OnnxGraph {
  const { dModel } = shape
  const graph = new GraphBuilder('head')
  const residual = graph.input('residual', 'float', ['Q', dModel])
  const normed = rmsNorm(graph, checkpoint, 'model.norm', residual, options(shape).normEpsilon)
  const unembedding = options(shape).tied ? 'model.embed_tokens.weight' : 'lm_head.weight' // [vocab, d_model]
  headOutputs(graph, checkpoint, normed, { weight: unembedding }, slice)
  return graph.build()
}

function macs(shape: ModelShape): { keyValueRow: number; fullRow: number } {
  const { dModel, heads, dHead } = shape
  const { keyValueHeads, dMlp } = options(shape)
  const keyValueRow = 2 * keyValueHeads * dHead * dModel
  return { keyValueRow, fullRow: keyValueRow + 2 * heads * dHead * dModel + 3 * dMlp * dModel }
}

function options(shape: ModelShape) {
  return shape.options as {
    keyValueHeads: number
    dMlp: number
    normEpsilon: number
    tied: boolean
    activation: Activation
    attentionBias: boolean
    mlpBias: boolean
  }
}
