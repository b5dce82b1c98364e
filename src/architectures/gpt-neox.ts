import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { NumericsMode } from '../domain/numerics.js'
import { GraphBuilder, type OnnxGraph, type Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { activate, activationField, type Activation } from './activations.js'
import type { Architecture, ModelShape, VocabularySlice } from './architecture.js'
import { blockInputs, scaled, splitHeads, treeAttention } from './block-parts.js'
import { readConfig } from './config.js'
import { headOutputs } from './head-outputs.js'
import { linear, normedLinears } from './linear.js'
import { layerNorm } from './norms.js'
import { rotaryEmbedding, rotaryFields, rotaryWidth } from './rotary.js'

/**
 * GPT-NeoX, the architecture of Pythia (transformers' modeling_gpt_neox.py): LayerNorm, rotary embedding over a part of
 * each head, attention and MLP side by side (Pythia) or one after the other, biases. Letters: R rows, Q of them
 * computed to the end, H heads.
 */
export const gptNeox: Architecture = {
  name: 'gpt_neox',
  prefix: 'gpt_neox.',
  describe,
  expectedTensors,
  embed,
  block,
  head,
  macs,
}

/** Field names of Hugging Face's config.json, older and newer. */
const schema = z.looseObject({
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive().max(1000),
  intermediate_size: z.int().positive(),
  num_attention_heads: z.int().positive(),
  layer_norm_eps: z.number().positive().default(1e-5),
  max_position_embeddings: z.int().positive().default(2048),
  vocab_size: z.int().positive(),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: activationField.default('gelu'),
  attention_bias: z.boolean().default(true),
  use_parallel_residual: z.boolean().default(true),
  rotary_pct: z.number().positive().max(1).optional(),
  rotary_emb_base: z.number().positive().optional(),
  ...rotaryFields,
})

function describe(config: Readonly<Record<string, unknown>>, path: string): ModelShape {
  const c = readConfig(schema, config, 'gpt_neox', path)
  const dHead = c.hidden_size / c.num_attention_heads
  if (!Number.isInteger(dHead))
    throw new TaskvecError(
      'MODEL',
      `${path}: hidden_size ${c.hidden_size} does not divide into ${c.num_attention_heads} heads`,
    )
  const rope = { ...c, rope_theta: c.rope_theta ?? c.rotary_emb_base }
  const width = rotaryWidth(dHead, c.rope_parameters?.partial_rotary_factor ?? c.rotary_pct ?? 0.25, path)
  const { maxPositions, ...embedding } = rotaryEmbedding(rope, width, c.max_position_embeddings, path)
  return {
    blocks: c.num_hidden_layers,
    dModel: c.hidden_size,
    vocab: c.vocab_size,
    heads: c.num_attention_heads,
    dHead,
    maxPositions,
    rotary: { width, ...embedding, interleaved: false },
    options: {
      dMlp: c.intermediate_size,
      normEpsilon: c.layer_norm_eps,
      tied: c.tie_word_embeddings,
      activation: c.hidden_act,
      attentionBias: c.attention_bias,
      parallel: c.use_parallel_residual,
    },
  }
}

function expectedTensors(shape: ModelShape): Map<string, readonly number[]> {
  const { dModel, vocab } = shape
  const { dMlp, tied, attentionBias } = options(shape)
  const tensors = new Map<string, readonly number[]>([['gpt_neox.embed_in.weight', [vocab, dModel]]])
  const add = (name: string, weight: readonly number[], bias: boolean) => {
    tensors.set(`${name}.weight`, weight)
    if (bias) tensors.set(`${name}.bias`, weight.slice(0, 1))
  }
  for (let layer = 0; layer < shape.blocks; layer++) {
    const prefix = `gpt_neox.layers.${layer}`
    add(`${prefix}.input_layernorm`, [dModel], true)
    add(`${prefix}.attention.query_key_value`, [3 * dModel, dModel], attentionBias)
    add(`${prefix}.attention.dense`, [dModel, dModel], attentionBias)
    add(`${prefix}.post_attention_layernorm`, [dModel], true)
    add(`${prefix}.mlp.dense_h_to_4h`, [dMlp, dModel], true)
    add(`${prefix}.mlp.dense_4h_to_h`, [dModel, dMlp], true)
  }
  add('gpt_neox.final_layer_norm', [dModel], true)
  if (!tied) add('embed_out', [vocab, dModel], false)
  return tensors
}

function embed(checkpoint: Checkpoint, _shape: ModelShape, tokens: readonly number[]): Float32Array {
  return checkpoint.readRows('gpt_neox.embed_in.weight', tokens)
}

function block(checkpoint: Checkpoint, shape: ModelShape, layer: number, numerics?: NumericsMode): OnnxGraph {
  const { heads, dHead, dModel } = shape
  const { normEpsilon, activation, attentionBias: bias, parallel } = options(shape)
  const prefix = `gpt_neox.layers.${layer}`
  const graph = new GraphBuilder(prefix, numerics)
  const inputs = blockInputs(graph, shape)

  const normed = layerNorm(graph, checkpoint, `${prefix}.input_layernorm`, inputs.residual, normEpsilon) // [R, d_model]
  // One product for all three, as the weight is stored: query, key and value of head 0, then of head 1, ...
  const [qkv] = normedLinears(graph, checkpoint, normed, [
    { name: `${prefix}.attention.query_key_value`, bias },
  ]) as [Value] // [R, H 3 d_head]
  const [query, key, value] = splitHeads(graph, qkv, heads, dHead) // [R, H d_head] each
  const keys = inputs.rotate(key, heads, 'all')
  const queries = inputs.rotate(scaled(graph, inputs.selectRows(query), dHead ** -0.5), heads, 'selected') // [Q, H d_head]
  const residual = inputs.selectRows(inputs.residual) // [Q, d_model]

  const attended = treeAttention(graph, {
    queries,
    keys,
    values: value,
    inputs,
    heads,
    keyValueHeads: heads,
    dHead,
  }) // [Q, H d_head]
  const middle = linear(graph, checkpoint, `${prefix}.attention.dense`, attended, { bias, added: residual }) // [Q, d_model]

  // Side by side, the MLP reads what attention read; one after the other, what attention wrote.
  const mlpInput = layerNorm(
    graph,
    checkpoint,
    `${prefix}.post_attention_layernorm`,
    parallel ? residual : middle,
    normEpsilon,
  )
  const [inner] = normedLinears(graph, checkpoint, mlpInput, [
    { name: `${prefix}.mlp.dense_h_to_4h`, bias: true },
  ]) as [Value] // [Q, d_mlp]
  const activated = activate(graph, activation, inner)
  const out = linear(graph, checkpoint, `${prefix}.mlp.dense_4h_to_h`, activated, {
    bias: true,
    added: middle,
  })
  graph.output('residual_out', out, 'float', ['Q', dModel])
  return graph.build()
}

function head(checkpoint: Checkpoint, shape: ModelShape, slice: VocabularySlice): OnnxGraph {
  const { dModel } = shape
  const { normEpsilon, tied } = options(shape)
  const graph = new GraphBuilder('head')
  const residual = graph.input('residual', 'float', ['Q', dModel])
  const normed = layerNorm(graph, checkpoint, 'gpt_neox.final_layer_norm', residual, normEpsilon)
  const unembedding = tied ? 'gpt_neox.embed_in.weight' : 'embed_out.weight' // [vocab, d_model]
  headOutputs(graph, checkpoint, normed, { weight: unembedding }, slice)
  return graph.build()
}

function macs(shape: ModelShape): { keyValueRow: number; fullRow: number } {
  const { dModel } = shape
  const { dMlp } = options(shape)
  const keyValueRow = 3 * dModel * dModel
  return { keyValueRow, fullRow: keyValueRow + dModel * dModel + 2 * dMlp * dModel }
}

function options(shape: ModelShape) {
  return shape.options as {
    dMlp: number
    normEpsilon: number
    tied: boolean
    activation: Activation
    attentionBias: boolean
    parallel: boolean
  }
}
