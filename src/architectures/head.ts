import { GraphBuilder, type OnnxGraph } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import type { DecoderSpec } from './decoder.js'
import { linear } from './linear.js'
import { ModelGraph } from './model-graph.js'
import { norm } from './norms.js'
import { softcapped } from './tree-attention.js'

/** Consecutive token ids: `first`, `first + 1`, ... */
export interface VocabularySlice {
  readonly first: number
  readonly count: number
}

/**
 * ONNX model of the final norm and of a slice of the unembedding, for `residual` `[Q, d_model]`. Outputs: `logits`
 * `[Q, tokens]`, and `highest`, the largest of each row, `[Q, 1]`.
 */
export function headGraph(
  checkpoint: Checkpoint,
  { dModel, finalNorm, unembedding }: DecoderSpec,
  { first, count }: VocabularySlice,
): OnnxGraph {
  const { projection, weight, bias, scale, softcap } = unembedding
  const graph = new ModelGraph('head', checkpoint)
  const residual = graph.input('residual', 'float', ['Q', dModel])
  const normed = finalNorm ? norm(graph, residual, finalNorm) : residual
  const projected = projection ? linear(graph, projection, normed) : normed

  const rows = Array.from({ length: count }, (_, i) => first + i)
  const columns = weight.shape[1] as number
  const factors = [graph.weight(weight.name, checkpoint.readRows(weight.name, rows), [count, columns])]
  if (bias) factors.push(graph.weight(bias.name, checkpoint.readRows(bias.name, rows), [count]))
  const scaling = scale === 1 ? {} : { alpha: { float: scale }, beta: { float: scale } }
  const logits = softcapped(
    graph,
    graph.node('Gemm', [projected, ...factors], { transB: 1, ...scaling }),
    softcap,
  )

  const highest = graph.node('ReduceMax', [logits, graph.ints([1])], { keepdims: 1 })
  graph.output('logits', logits, 'float', ['Q', count])
  graph.output('highest', highest, 'float', ['Q', 1])
  return graph.build()
}

/**
 * ONNX model that computes `exp_sum` `[Q, 1]` from a head's output, each row's sum of exp(logit - highest): onnxruntime's exp is
 * vectorised, JavaScript's is not. Separate from the head, since greedy decoding does not need it.
 */
export function expSumGraph(): OnnxGraph {
  const graph = new GraphBuilder('exp_sum')
  const logits = graph.input('logits', 'float', ['Q', 'tokens'])
  const highest = graph.input('highest', 'float', ['Q', 1])
  const exponentials = graph.node('Exp', [graph.node('Sub', [logits, highest])])
  const expSum = graph.node('ReduceSum', [exponentials, graph.ints([1])], { keepdims: 1 })
  graph.output('exp_sum', expSum, 'float', ['Q', 1])
  return graph.build()
}
