import type { GraphBuilder, Value } from '../onnx/graph.js'

/**
 * A block's components at a row, in the order in which they come about (docs/components.md): the residual stream before it,
 * what each head gives to the output projection, what attention adds, the stream between, what the MLP adds, the stream
 * after it.
 */
export const components = ['resid_pre', 'heads', 'attn_out', 'resid_mid', 'mlp_out', 'resid_post'] as const
export type Component = (typeof components)[number]

/** Those that no array between two blocks holds. */
export const innerComponents = ['heads', 'attn_out', 'resid_mid', 'mlp_out'] as const
export type InnerComponent = (typeof innerComponents)[number]

/** Which row of the edits' tables each of the Q rows takes, `[Q]`. */
export const editOfRow = 'edit_of_row'

/** Output of blocks that norm what attention gives before it is added: that, before the norm, `[Q, d_model]`. */
export const attentionRaw = 'attn_raw'

export function scaleTable(component: InnerComponent): string {
  return `${component}_scale`
}

export function addedTable(component: InnerComponent): string {
  return `${component}_added`
}

/**
 * Makes each component an output of the graph, after its edit: times a row of `NAME_scale`, plus one of `NAME_added`, tables of
 * V edits, `[V, width]`. An edit of ones and zeros leaves every bit as it is.
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
