import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { AttentionSpec } from './decoder.js'

/**
 * A block's components at a row, in order of computation (docs/components.md): the residual stream before it,
 * each head's input to the output projection, attention's output, the stream between, the MLP's output, the stream
 * after it.
 */
export const components = ['resid_pre', 'heads', 'attn_out', 'resid_mid', 'mlp_out', 'resid_post'] as const
export type Component = (typeof components)[number]

/** Those that are not in the arrays between blocks. */
export const innerComponents = ['heads', 'attn_out', 'resid_mid', 'mlp_out'] as const
export type InnerComponent = (typeof innerComponents)[number]

/** The row of the edits' tables for each of the Q rows, `[Q]`. */
export const editOfRow = 'edit_of_row'

/** Output, for blocks that norm attention's output before adding it: its value before the norm, `[Q, d_model]`. */
export const attentionRaw = 'attn_raw'

/** Which of each item's query slots is a last token whose attention comes out: one-hot, `[I, 1, 1, 1, Sq]`. */
export const patternOf = 'pattern_of'

/** Output: that token's attention weights, after the softmax, `[I, keyValueHeads, heads / keyValueHeads, 1, Sk]`. */
export const pattern = 'pattern'

export function scaleTable(component: InnerComponent): string {
  return `${component}_scale`
}

export function addedTable(component: InnerComponent): string {
  return `${component}_added`
}

/**
 * Makes each component an output of the graph, after its edit: times a row of `NAME_scale`, plus one of `NAME_added`, tables of
 * V edits, `[V, width]`. An edit of ones and zeros changes no bit.
 */
export function tappedComponents(graph: GraphBuilder) {
  const editOf = graph.input(editOfRow, 'int64', ['Q'])
  return (component: InnerComponent, value: Value, width: number): Value => {
    const row = (table: string) =>
      graph.node('Gather', [graph.input(table, 'float', ['V', width]), editOf], { axis: 0 })
    const scaled = graph.node('Mul', [value, row(scaleTable(component))])
    const edited = graph.node('Add', [scaled, row(addedTable(component))])
    graph.output(component, edited, 'float', ['Q', width])
    return edited
  }
}

/** Makes the last tokens' rows of attention weights `[I, V, G, Sq, Sk]` an output: picked by a product, which copies none of the others. */
export function tappedPattern(graph: GraphBuilder, { heads, keyValueHeads }: AttentionSpec) {
  const picked = graph.input(patternOf, 'float', ['I', 1, 1, 1, 'Sq'])
  return (weights: Value): void => {
    const dims = ['I', keyValueHeads, heads / keyValueHeads, 1, 'Sk']
    graph.output(pattern, graph.node('MatMul', [picked, weights]), 'float', dims)
  }
}
