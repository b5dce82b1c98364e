import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import type { VocabularySlice } from './architecture.js'

/**
 * Unembeds `normed`, `[Q, d_model]`, by a slice of the rows of the checkpoint's `weight` `[vocab, d_model]` and `bias`
 * `[vocab]`, and makes the outputs of every head: `logits` `[Q, tokens]`, and per row `highest`, the largest of them,
 * and `exp_sum`, the sum of exp(logit - highest), both `[Q, 1]`. Summed here because onnxruntime's exp is vectorised
 * and JavaScript's is not.
 */
export function headOutputs(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  normed: Value,
  names: { readonly weight: string; readonly bias?: string },
  { first, count }: VocabularySlice,
): void {
  const rows = Array.from({ length: count }, (_, i) => first + i)
  const columns = checkpoint.tensors.get(names.weight)?.shape[1] ?? 0
  const unembedding = [graph.weight(names.weight, checkpoint.readRows(names.weight, rows), [count, columns])]
  if (names.bias !== undefined) {
    unembedding.push(graph.weight(names.bias, checkpoint.readRows(names.bias, rows), [count]))
  }
  const logits = graph.node('Gemm', [normed, ...unembedding], { transB: 1 })
  const overTokens = graph.ints([1])
  const highest = graph.node('ReduceMax', [logits, overTokens], { keepdims: 1 })
  const exponentials = graph.node('Exp', [graph.node('Sub', [logits, highest])])
  const expSum = graph.node('ReduceSum', [exponentials, overTokens], { keepdims: 1 })
  graph.output('logits', logits, 'float', ['Q', count])
  graph.output('highest', highest, 'float', ['Q', 1])
  graph.output('exp_sum', expSum, 'float', ['Q', 1])
}
