import type { GraphBuilder, Value } from '../onnx/graph.js'

/**
 * The outputs of every head, over its slice of the vocabulary: `logits` `[Q, tokens]`, and per row `highest`, the largest
 * of them, and `exp_sum`, the sum of exp(logit - highest), both `[Q, 1]`. Summed here because onnxruntime's exp is vectorised and JavaScript's is not.
 */
export function headOutputs(graph: GraphBuilder, logits: Value, tokens: number): void {
  const overTokens = graph.ints([1])
  const highest = graph.node('ReduceMax', [logits, overTokens], { keepdims: 1 })
  const exponentials = graph.node('Exp', [graph.node('Sub', [logits, highest])])
  const expSum = graph.node('ReduceSum', [exponentials, overTokens], { keepdims: 1 })
  graph.output('logits', logits, 'float', ['Q', tokens])
  graph.output('highest', highest, 'float', ['Q', 1])
  graph.output('exp_sum', expSum, 'float', ['Q', 1])
}
