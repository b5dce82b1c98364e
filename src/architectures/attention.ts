import type { Value } from '../onnx/graph.js'
import type {
  AttentionSpec,
  FusedProjection,
  LatentProjection,
  NormSpec,
  SplitProjection,
} from './decoder.js'
import { linear } from './linear.js'
import type { ModelGraph } from './model-graph.js'
import { norm } from './norms.js'
import { treeAttention, type Context, type HeadRows } from './tree-attention.js'

/** The heads' outputs, `[Q, heads * d_value]`, of the block's normed input `x`, `[R, d_model]`. */
export function attend(context: Context, x: Value): Value {
  const { project } = context.attention
  const parts =
    project.kind === 'latent'
      ? fromLatent(context, project, x)
      : withPositions(context, separate(context, project, x))
  return treeAttention(context, { ...parts, queries: tempered(context, parts.queries) })
}

/** Keys and values of all R rows, queries of the Q rows that are read later. */
function separate(
  { graph, inputs, attention }: Context,
  project: SplitProjection | FusedProjection,
  x: Value,
): HeadRows {
  const { queryNorm, scale } = attention
  // Scaled here, in the product itself, or else in the norm's weight, since rotation is linear.
  const alpha = queryNorm ? 1 : scale
  if (project.kind === 'split')
    return {
      keys: linear(graph, project.key, x),
      values: linear(graph, project.value, x),
      queries: linear(graph, project.query, inputs.selectRows(x), { alpha }),
    }
  const split = project.order === 'groups' ? splitGroups : splitColumns
  const [query, keys, values] = split(graph, linear(graph, project.queryKeyValue, x), attention)
  const queries = inputs.selectRows(query)
  return { queries: alpha === 1 ? queries : scaled(graph, queries, alpha), keys, values }
}

/** Norms, clipping and rotation. */
function withPositions({ graph, inputs, attention }: Context, parts: HeadRows): HeadRows {
  const { heads, keyValueHeads, dHead, queryNorm, keyNorm, normsRotated, clip, scale } = attention
  const normed = (x: Value, spec: NormSpec | null, rotated: boolean, columns: number, by = 1) =>
    spec && rotated === normsRotated ? norm(graph, x, spec, columns, by) : x
  const [queryColumns, keyColumns] = [heads * dHead, keyValueHeads * dHead]

  const key = normed(parts.keys, keyNorm, false, keyColumns)
  const rotatedKey = inputs.rotate(clipped(graph, key, clip), keyValueHeads, dHead, 'all')
  const query = normed(parts.queries, queryNorm, false, queryColumns, scale)
  const rotatedQuery = inputs.rotate(clipped(graph, query, clip, scale), heads, dHead, 'selected')
  return {
    keys: normed(rotatedKey, keyNorm, true, keyColumns),
    queries: normed(rotatedQuery, queryNorm, true, queryColumns, scale),
    values: clipped(graph, parts.values, clip),
  }
}

/** Keys and queries become `[not rotated, rotated]` per head, as they are stored. */
function fromLatent(
  { graph, inputs, attention: { heads, dHead, dValue, rotary, scale } }: Context,
  { queryDown, query, keyValueDown, latentNorm, keyValue }: LatentProjection,
  x: Value,
): HeadRows {
  const rotated = rotary?.width ?? 0
  const plain = dHead - rotated
  const byHead = (x: Value, width: number) => graph.reshape(x, -1, heads, width)
  const flat = (x: Value, width: number) => graph.reshape(x, -1, heads * width)
  const beside = (a: Value, b: Value) => flat(graph.node('Concat', [a, b], { axis: 2 }), dHead)

  const down = linear(graph, keyValueDown, x)
  const latent = norm(graph, graph.slice(down, 0, latentNorm.width, 1), latentNorm)
  const expanded = linear(graph, keyValue, latent)
  const keyAndValue = byHead(expanded, plain + dValue) // [R, H, plain + d_value]
  const sharedPart = graph.slice(down, latentNorm.width, latentNorm.width + rotated, 1) // [R, rotated]
  const oneHead = graph.node('Unsqueeze', [inputs.rotate(sharedPart, 1, rotated, 'all'), graph.ints([1])])
  const ofEachHead = graph.node('Expand', [oneHead, graph.ints([1, heads, 1])])

  const selected = inputs.selectRows(x)
  const ofQuery = queryDown
    ? norm(graph, linear(graph, queryDown.linear, selected), queryDown.norm)
    : selected
  const queries = byHead(linear(graph, query, ofQuery, { alpha: scale }), dHead)
  const turned = inputs.rotate(
    flat(graph.slice(queries, plain, dHead, 2), rotated),
    heads,
    rotated,
    'selected',
  )
  return {
    queries: beside(graph.slice(queries, 0, plain, 2), byHead(turned, rotated)),
    keys: beside(graph.slice(keyAndValue, 0, plain, 2), ofEachHead),
    values: flat(graph.slice(keyAndValue, plain, plain + dValue, 2), dValue),
  }
}

/** Of `[rows, V * (G + 2) * d_head]`: for each key-value head its G queries, its key, its value. */
function splitGroups(
  graph: ModelGraph,
  product: Value,
  { heads, keyValueHeads, dHead }: AttentionSpec,
): [Value, Value, Value] {
  const queries = (heads / keyValueHeads) * dHead
  const byGroup = graph.reshape(product, -1, keyValueHeads, queries + 2 * dHead)
  const part = (first: number, last: number, width: number) =>
    graph.reshape(graph.slice(byGroup, first, last, 2), -1, width)
  return [
    part(0, queries, heads * dHead),
    part(queries, queries + dHead, keyValueHeads * dHead),
    part(queries + dHead, queries + 2 * dHead, keyValueHeads * dHead),
  ]
}

/** Of `[rows, (H + 2 V) * d_head]`: all queries, all keys, all values. */
function splitColumns(
  graph: ModelGraph,
  product: Value,
  { heads, keyValueHeads, dHead }: AttentionSpec,
): [Value, Value, Value] {
  const [q, k] = [heads * dHead, keyValueHeads * dHead]
  return [
    graph.slice(product, 0, q, 1),
    graph.slice(product, q, q + k, 1),
    graph.slice(product, q + k, q + 2 * k, 1),
  ]
}

/** `value` times a constant; a weight, since it may differ by layer where blocks share one session (GPT-2). */
function scaled(graph: ModelGraph, value: Value, factor: number): Value {
  return graph.node('Mul', [value, graph.weight('scale', Float32Array.of(factor), [1])])
}

/** Clipped to [-clip, clip], times the scale already in `x`. */
function clipped(graph: ModelGraph, x: Value, clip: number | null, scale = 1): Value {
  if (clip === null) return x
  const limit = clip * scale
  return graph.node('Clip', [
    x,
    graph.constant(`minus_${limit}`, -limit),
    graph.constant(`plus_${limit}`, limit),
  ])
}

function tempered({ graph, inputs, attention: { temperature } }: Context, queries: Value): Value {
  if (!temperature || !inputs.positions) return queries
  const { every, offset, scale } = temperature
  const number = (name: string, value: number) => graph.constant(`temperature_${name}`, value)
  const position = graph.node('Cast', [inputs.selectRows(inputs.positions)], { to: 1 }) // [Q, 1]
  const moved = graph.node('Add', [position, number('offset', offset)])
  const steps = graph.node('Floor', [graph.node('Div', [moved, number('every', every)])])
  const logarithm = graph.node('Log', [graph.node('Add', [steps, number('one', 1)])])
  const factor = graph.node('Add', [graph.node('Mul', [logarithm, number('scale', scale)]), number('one', 1)])
  return graph.node('Mul', [queries, factor])
}
