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
import { layerNorm } from './norms.js'
import { rotaryEmbedding } from './rotary.js'

/**
 * GPT-J (transformers' modeling_gptj.py): one LayerNorm that attention and MLP both read, side by side; interleaved
 * rotary embedding over the first `rotary_dim` entries of each head; biases in the MLP and the head only. Letters: R
 * rows, Q of them computed to the end, H heads.
 */
export const gptJ: Architecture = {
  name: 'gptj',
  prefix: 'transformer.',
  describe,
  expectedTensors,
  embed,
  block,
  head,
  macs,
}

/** Field names of Hugging Face's config.json. */
const schema = z.looseObject({
  n_embd: z.int().positive(),
  n_layer: z.int().positive().max(1000),
  n_head: z.int().positive(),
  n_inner: z.int().positive().nullish(),
  n_positions: z.int().positive().default(2048),
  rotary_dim: z.int().positive().nullable().default(64),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  activation_function: activationField.default('gelu_new'),
  vocab_size: z.int().positive(),
  tie_word_embeddings: z.boolean().default(false),
})

function describe(config: Readonly<Record<string, unknown>>, path: string): ModelShape {
  const c = readConfig(schema, config, 'gptj', path)
  const dHead = c.n_embd / c.n_head
  const width = c.rotary_dim ?? dHead
  if (!Number.isInteger(dHead) || width % 2 !== 0 || width > dHead)
    throw new TaskvecError(
      'MODEL',
      `${path}: ${c.n_head} heads, n_embd ${c.n_embd} and rotary_dim ${c.rotary_dim} do not fit together`,
    )
  const { maxPositions, ...embedding } = rotaryEmbedding({}, width, c.n_positions, path)
  return {
    blocks: c.n_layer,
    dModel: c.n_embd,
    vocab: c.vocab_size,
    heads: c.n_head,
    dHead,
    maxPositions,
    rotary: { width, ...embedding, interleaved: true },
    options: {
      dMlp: c.n_inner ?? 4 * c.n_embd,
      normEpsilon: c.layer_norm_epsilon,
      tied: c.tie_word_embeddings,
      activation: c.activation_function,
    },
  }
}

function expectedTensors(shape: ModelShape): Map<string, readonly number[]> {
  const { dModel, vocab } = shape
  const { dMlp, tied } = options(shape)
  const tensors = new Map<string, readonly number[]>([['transformer.wte.weight', [vocab, dModel]]])
  for (let layer = 0; layer < shape.blocks; layer++) {
    const prefix = `transformer.h.${layer}`
    tensors.set(`${prefix}.ln_1.weight`, [dModel])
    tensors.set(`${prefix}.ln_1.bias`, [dModel])
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
      tensors.set(`${prefix}.attn.${name}.weight`, [dModel, dModel])
    tensors.set(`${prefix}.mlp.fc_in.weight`, [dMlp, dModel])
    tensors.set(`${prefix}.mlp.fc_in.bias`, [dMlp])
    tensors.set(`${prefix}.mlp.fc_out.weight`, [dModel, dMlp])
    tensors.set(`${prefix}.mlp.fc_out.bias`, [dModel])
  }
  tensors.set('transformer.ln_f.weight', [dModel])
  tensors.set('transformer.ln_f.bias', [dModel])
  if (!tied) tensors.set('lm_head.weight', [vocab, dModel])
  tensors.set('lm_head.bias', [vocab])
  return tensors
}

function embed(checkpoint: Checkpoint, _shape: ModelShape, tokens: readonly number[]): Float32Array {
  return checkpoint.readRows('transformer.wte.weight', tokens)
}

function block(checkpoint: Checkpoint, shape: ModelShape, layer: number, numerics?: NumericsMode): OnnxGraph {
  const { heads, dHead, dModel } = shape
  const { normEpsilon, activation } = options(shape)
  const prefix = `transformer.h.${layer}`
  const graph = new GraphBuilder(prefix, numerics)
  const inputs = blockInputs(graph, shape)

  const normed = layerNorm(graph, checkpoint, `${prefix}.ln_1`, inputs.residual, normEpsilon) // [R, d_model]
  // Keys and values of all R rows; queries and the MLP of the Q rows that are read later.
  const [key, values, query, inner] = normedLinears(graph, checkpoint, normed, [
    { name: `${prefix}.attn.k_proj` },
    { name: `${prefix}.attn.v_proj` },
    { name: `${prefix}.attn.q_proj`, alpha: dHead ** -0.5, rows: inputs.selectRows },
    { name: `${prefix}.mlp.fc_in`, bias: true, rows: inputs.selectRows },
  ]) as [Value, Value, Value, Value]
  const keys = inputs.rotate(key, heads, 'all') // [R, H d_head]; values: [R, H d_head]
  const queries = inputs.rotate(query, heads, 'selected') // [Q, H d_head]

  const attended = treeAttention(graph, {
    queries,
    keys,
    values,
    inputs,
    heads,
    keyValueHeads: heads,
    dHead,
  }) // [Q, H d_head]
  const middle = linear(graph, checkpoint, `${prefix}.attn.out_proj`, attended, {
    added: inputs.selectRows(inputs.residual),
  }) // [Q, d_model]

  const activated = activate(graph, activation, inner) // [Q, d_mlp]
  const out = linear(graph, checkpoint, `${prefix}.mlp.fc_out`, activated, { bias: true, added: middle })
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
  headOutputs(graph, checkpoint, normed, { weight, bias: 'lm_head.bias' }, slice)
  return graph.build()
}

function macs(shape: ModelShape): { keyValueRow: number; fullRow: number } {
  const { dModel } = shape
  const { dMlp } = options(shape)
  const keyValueRow = 2 * dModel * dModel
  return { keyValueRow, fullRow: keyValueRow + 2 * dModel * dModel + 2 * dMlp * dModel }
}

function options(shape: ModelShape) {
  return shape.options as { dMlp: number; normEpsilon: number; tied: boolean; activation: Activation }
}
