import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { NumericsMode } from '../domain/numerics.js'
import { GraphBuilder, type OnnxGraph, type Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { activate, activationField, type Activation } from './activations.js'
import type { Architecture, ModelShape, VocabularySlice } from './architecture.js'
import { blockInputs, scaled, splitColumns, treeAttention } from './block-parts.js'
import { readConfig } from './config.js'
import { headOutputs } from './head-outputs.js'
import { linear, normedLinears } from './linear.js'
import { layerNorm } from './norms.js'

/**
 * GPT-2 (transformers' modeling_gpt2.py): learned positions, LayerNorm, attention and MLP one after the other, biases
 * everywhere, weights stored `[in, out]`. Letters: R rows, Q of them computed to the end, H heads.
 */
export const gpt2: Architecture = {
  name: 'gpt2',
  prefix: 'transformer.',
  describe,
  expectedTensors,
  embed,
  block,
  head,
  macs,
}

/** Field names of Hugging Face's config.json. Values that would change the computation and are not built are refused. */
const schema = z.looseObject({
  n_embd: z.int().positive(),
  n_layer: z.int().positive().max(1000),
  n_head: z.int().positive(),
  n_inner: z.int().positive().nullish(),
  n_positions: z.int().positive().default(1024),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  activation_function: activationField.default('gelu_new'),
  vocab_size: z.int().positive(),
  tie_word_embeddings: z.boolean().default(true),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.literal(false).default(false),
})

function describe(config: Readonly<Record<string, unknown>>, path: string): ModelShape {
  const c = readConfig(schema, config, 'gpt2', path)
  const dHead = c.n_embd / c.n_head
  if (!Number.isInteger(dHead))
    throw new TaskvecError('MODEL', `${path}: n_embd ${c.n_embd} does not divide into ${c.n_head} heads`)
  return {
    blocks: c.n_layer,
    dModel: c.n_embd,
    vocab: c.vocab_size,
    heads: c.n_head,
    dHead,
    maxPositions: c.n_positions,
    rotary: null,
    options: {
      dMlp: c.n_inner ?? 4 * c.n_embd,
      normEpsilon: c.layer_norm_epsilon,
      tied: c.tie_word_embeddings,
      activation: c.activation_function,
      scaled: c.scale_attn_weights,
      scaledByLayer: c.scale_attn_by_inverse_layer_idx,
    },
  }
}

function expectedTensors(shape: ModelShape): Map<string, readonly number[]> {
  const { dModel, vocab, maxPositions } = shape
  const { dMlp, tied } = options(shape)
  const tensors = new Map<string, readonly number[]>([
    ['transformer.wte.weight', [vocab, dModel]],
    ['transformer.wpe.weight', [maxPositions, dModel]],
  ])
  const add = (name: string, ...weight: readonly number[]) => {
    tensors.set(`${name}.weight`, weight)
    tensors.set(`${name}.bias`, weight.slice(-1))
  }
  for (let layer = 0; layer < shape.blocks; layer++) {
    const prefix = `transformer.h.${layer}`
    add(`${prefix}.ln_1`, dModel)
    add(`${prefix}.attn.c_attn`, dModel, 3 * dModel)
    add(`${prefix}.attn.c_proj`, dModel, dModel)
    add(`${prefix}.ln_2`, dModel)
    add(`${prefix}.mlp.c_fc`, dModel, dMlp)
    add(`${prefix}.mlp.c_proj`, dMlp, dModel)
  }
  add('transformer.ln_f', dModel)
  if (!tied) tensors.set('lm_head.weight', [vocab, dModel])
  return tensors
}

function embed(
  checkpoint: Checkpoint,
  _shape: ModelShape,
  tokens: readonly number[],
  positions: readonly number[],
): Float32Array {
  const position = checkpoint.readRows('transformer.wpe.weight', positions)
  return checkpoint.readRows('transformer.wte.weight', tokens).map((value, i) => value + (position[i] ?? NaN))
}

function block(checkpoint: Checkpoint, shape: ModelShape, layer: number, numerics?: NumericsMode): OnnxGraph {
  const { heads, dHead, dModel } = shape
  const { normEpsilon, activation, scaled: byHead, scaledByLayer } = options(shape)
  const prefix = `transformer.h.${layer}`
  const graph = new GraphBuilder(prefix, numerics)
  const inputs = blockInputs(graph, shape)
  const product = { bias: true, stored: 'in-out' } as const

  const normed = layerNorm(graph, checkpoint, `${prefix}.ln_1`, inputs.residual, normEpsilon) // [R, d_model]
  // One product for all three, as the weight is stored: all queries, then all keys, then all values.
  const [qkv] = normedLinears(graph, checkpoint, normed, [{ name: `${prefix}.attn.c_attn`, ...product }]) as [
    Value,
  ] // [R, 3 H d_head]
  const [query, keys, values] = splitColumns(graph, qkv, heads * dHead) // [R, H d_head] each
  const scale = (byHead ? dHead ** -0.5 : 1) / (scaledByLayer ? layer + 1 : 1)
  const queries = scaled(graph, inputs.selectRows(query), scale) // [Q, H d_head]

  const attended = treeAttention(graph, {
    queries,
    keys,
    values,
    inputs,
    heads,
    keyValueHeads: heads,
    dHead,
  }) // [Q, H d_head]
  const middle = linear(graph, checkpoint, `${prefix}.attn.c_proj`, attended, {
    ...product,
    added: inputs.selectRows(inputs.residual),
  }) // [Q, d_model]

  const mlpInput = layerNorm(graph, checkpoint, `${prefix}.ln_2`, middle, normEpsilon)
  const [inner] = normedLinears(graph, checkpoint, mlpInput, [
    { name: `${prefix}.mlp.c_fc`, ...product },
  ]) as [Value] // [Q, d_mlp]
  const activated = activate(graph, activation, inner)
  const out = linear(graph, checkpoint, `${prefix}.mlp.c_proj`, activated, { ...product, added: middle })
  graph.output('residual_out', out, 'float', ['Q', dModel])
  return graph.build()
}

function head(checkpoint: Checkpoint, shape: ModelShape, slice: VocabularySlice): OnnxGraph {
  const { dModel } = shape
  const { normEpsilon, tied } = options(shape)
  const graph = new GraphBuilder('head')
  const residual = graph.input('residual', 'float', ['Q', dModel])
  const normed = layerNorm(graph, checkpoint, 'transformer.ln_f', residual, normEpsilon)
  const weight = tied ? 'transformer.wte.weight' : 'lm_head.weight' // [vocab, d_model]
  headOutputs(graph, checkpoint, normed, { weight }, slice)
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
    scaled: boolean
    scaledByLayer: boolean
  }
}
