import type { NumericsMode } from '../domain/numerics.js'
import type { GraphBuilder, OnnxGraph, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { attend } from './attention.js'
import { blockInputs } from './block-inputs.js'
import { attentionRaw, tappedComponents, tappedPattern, type InnerComponent } from './components.js'
import type { DecoderSpec, LayerSpec, NormSpec } from './decoder.js'
import { expertsOutput } from './experts.js'
import { linear } from './linear.js'
import { mlp } from './mlp.js'
import { ModelGraph } from './model-graph.js'
import { norm } from './norms.js'

/**
 * ONNX model of block `layer`; inputs and outputs as in src/engine/block-sessions.ts. Layers of one kind give the same nodes in
 * the same order and differ only in weights: with streamed weights, one session runs them all.
 * Letters: R rows, Q of them computed to the end, H heads.
 */
export function blockGraph(
  checkpoint: Checkpoint,
  decoder: DecoderSpec,
  layer: number,
  numerics?: NumericsMode,
  /** Outputs its components, with optional edits: see components.ts. */
  tapped = false,
): OnnxGraph {
  const {
    attention,
    mlp: mlpSpec,
    parallel,
    norms,
    residualScale,
    residualIsNormed,
  } = decoder.layers[layer] as LayerSpec
  const graph = new ModelGraph(`block_${layer}`, checkpoint, numerics)
  const inputs = blockInputs(graph, decoder.dModel, attention)
  const { selectRows } = inputs
  const normed = (x: Value, spec: NormSpec | null) => (spec ? norm(graph, x, spec) : x)
  const tap = tapped ? tappedComponents(graph) : null

  // Keys and values of all R rows; queries, attention and MLP of the Q rows that are read later.
  const attentionInput = normed(inputs.residPre, norms.beforeAttention) // [R, d_model]
  const residual = selectRows(residualIsNormed ? attentionInput : inputs.residPre) // [Q, d_model]
  const context = {
    ...{ graph, inputs, attention },
    ...(tapped ? { takePattern: tappedPattern(graph, attention) } : {}),
  }
  const mixed = attend(context, attentionInput) // [Q, H d_value]
  const attended = tap ? tap('heads', mixed, attention.heads * attention.dValue) : mixed
  const attentionOut = (options: SumOptions) => linear(graph, attention.out, attended, options)
  const summed = normed(
    sum(residual, attentionOut, norms.afterAttention, 'attn_out'),
    norms.afterAttentionSum,
  )
  const middle = tap ? tap('resid_mid', summed, decoder.dModel) : summed // [Q, d_model]

  // In parallel, the MLP reads attention's input; in sequence, the sum with attention's output.
  const mlpInput =
    norms.beforeMlp === 'shared'
      ? selectRows(attentionInput)
      : normed(parallel ? residual : middle, norms.beforeMlp)
  const mlpOut = (options: SumOptions) => {
    if (mlpSpec.kind === 'mlp') return mlp(graph, mlpSpec, mlpInput, options)
    return plus(graph, expertsOutput(graph, mlpSpec, mlpInput), options)
  }
  const out = normed(
    sum(residualIsNormed && !parallel ? mlpInput : middle, mlpOut, norms.afterMlp, 'mlp_out'),
    norms.afterMlpSum,
  )
  graph.output('resid_post', out, 'float', ['Q', decoder.dModel])
  return graph.build()

  /** residual + residualScale x the output of `make`, normed first if there is a norm. */
  function sum(
    residual: Value,
    make: (options: SumOptions) => Value,
    after: NormSpec | null,
    component: InnerComponent,
  ): Value {
    if (!after && !tap) return make({ alpha: residualScale, added: residual })
    const raw = after ? make({}) : make({ alpha: residualScale })
    const change = after ? norm(graph, raw, after, after.width, residualScale) : raw
    if (tap && after && component === 'attn_out')
      graph.output(attentionRaw, raw, 'float', ['Q', decoder.dModel])
    return graph.node('Add', [residual, tap ? tap(component, change, decoder.dModel) : change])
  }
}

interface SumOptions {
  readonly alpha?: number
  readonly added?: Value
}

function plus(graph: GraphBuilder, x: Value, { alpha = 1, added }: SumOptions): Value {
  const scaled = alpha === 1 ? x : graph.node('Mul', [x, graph.constant('residual_scale', alpha)])
  return added === undefined ? scaled : graph.node('Add', [scaled, added])
}
