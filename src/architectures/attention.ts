import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { constant } from './activations.js'
import type { BlockInputs } from './block-inputs.js'
import type {
  AttentionSpec,
  FusedProjection,
  LatentProjection,
  NormSpec,
  SplitProjection,
} from './decoder.js'
import { linear } from './linear.js'
import { norm } from './norms.js'
import { treeAttention } from './tree-attention.js'

/** Where a block's attention is built: letters as in block.ts. */
export interface Context {
  readonly graph: GraphBuilder
  readonly checkpoint: Checkpoint
  readonly inputs: BlockInputs
  /** Receives the attention weights, `[I, V, G, Sq, Sk]`. */
  readonly takePattern?: (weights: Value) => void
}

/** The heads' outputs, `[Q, heads * d_value]`, of the block's normed input `x`, `[R, d_model]`. */
export function attend(context: Context, attention: AttentionSpec, x: Value): Value {
  const { graph, checkpoint, inputs, takePattern } = context
  const { project } = attention
  const parts =
    project.kind === 'latent'
      ? fromLatent(context, attention, project, x)
      : withPositions(context, attention, separate(context, attention, project, x))
  return treeAttention(graph, checkpoint, inputs, attention, {
    ...parts,
    takePattern,
    queries: tempered(context, attention, parts.queries),
  })
}

interface Parts {
  /** `[Q, heads * d_head]`, scaled unless a norm follows */
  readonly queries: Value
  /** `[R, keyValueHeads * d_head]` */
  readonly keys: Value
  /** `[R, keyValueHeads * d_value]` */
  readonly values: Value
}

/** Keys and values of all R rows, queries of the Q rows that are read later. */
function separate(
  { graph, checkpoint, inputs }: Context,
  attention: AttentionSpec,
  project: SplitProjection | FusedProjection,
  x: Value,
): Parts {
  const { queryNorm, scale } = attention
  // Scaled here, in the product itself, or else in the norm's weight, since rotation is linear.
  const alpha = queryNorm ? 1 : scale
  if (project.kind === 'split')
    return {
      keys: linear(graph, checkpoint, project.key, x),
      values: linear(graph, checkpoint, project.value, x),
      queries: linear(graph, checkpoint, project.query, inputs.selectRows(x), { alpha }),
    }
  const split = project.order === 'groups' ? splitGroups : splitColumns
  const [query, keys, values] = split(graph, linear(graph, checkpoint, project.queryKeyValue, x), attention)
  const queries = inputs.selectRows(query)
  return { queries: alpha === 1 ? queries : scaled(graph, queries, alpha), keys, values }
}

/** Norms, clipping and rotation. */
function withPositions(
  { graph, checkpoint, inputs }: Context,
  attention: AttentionSpec,
  parts: Parts,
): Parts {
  const { heads, keyValueHeads, dHead, queryNorm, keyNorm, normsRotated, clip, scale } = attention
  const normed = (x: Value, spec: NormSpec | null, rotated: boolean, columns: number, by = 1) =>
    spec && rotated === normsRotated ? norm(graph, checkpoint, x, spec, columns, by) : x
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
  { graph, checkpoint, inputs }: Context,
  { heads, dHead, dValue, rotary, scale }: AttentionSpec,
  { queryDown, query, keyValueDown, latentNorm, keyValue }: LatentProjection,
  x: Value,
): Parts {
  const rotated = rotary?.width ?? 0
  const plain = dHead - rotated
  const byHead = (x: Value, width: number) => graph.node('Reshape', [x, graph.ints([-1, heads, width])])
  const flat = (x: Value, width: number) => graph.node('Reshape', [x, graph.ints([-1, heads * width])])
  const beside = (a: Value, b: Value) => flat(graph.node('Concat', [a, b], { axis: 2 }), dHead)

  const down = linear(graph, checkpoint, keyValueDown, x)
  const latent = norm(graph, checkpoint, slice(graph, down, 0, latentNorm.width, 1), latentNorm)
  const expanded = linear(graph, checkpoint, keyValue, latent)
  const keyAndValue = byHead(expanded, plain + dValue) // [R, H, plain + d_value]
  const sharedPart = slice(graph, down, latentNorm.width, latentNorm.width + rotated, 1) // [R, rotated]
  const oneHead = graph.node('Unsqueeze', [inputs.rotate(sharedPart, 1, rotated, 'all'), graph.ints([1])])
  const ofEachHead = graph.node('Expand', [oneHead, graph.ints([1, heads, 1])])

  const selected = inputs.selectRows(x)
  const ofQuery = queryDown
    ? norm(graph, checkpoint, linear(graph, checkpoint, queryDown.linear, selected), queryDown.norm)
    : selected
  const queries = byHead(linear(graph, checkpoint, query, ofQuery, { alpha: scale }), dHead)
  const turned = inputs.rotate(
    flat(slice(graph, queries, plain, dHead, 2), rotated),
    heads,
    rotated,
    'selected',
  )
  return {
    queries: beside(slice(graph, queries, 0, plain, 2), byHead(turned, rotated)),
    keys: beside(slice(graph, keyAndValue, 0, plain, 2), ofEachHead),
    values: flat(slice(graph, keyAndValue, plain, plain + dValue, 2), dValue),
  }
}

/** Of `[rows, V * (G + 2) * d_head]`: for each key-value head its G queries, its key, its value. */
function splitGroups(
  graph: GraphBuilder,
  product: Value,
  { heads, keyValueHeads, dHead }: AttentionSpec,
): [Value, Value, Value] {
  const queries = (heads / keyValueHeads) * dHead
  const byGroup = graph.node('Reshape', [product, graph.ints([-1, keyValueHeads, queries + 2 * dHead])])
  const part = (first: number, last: number, width: number) =>
    graph.node('Reshape', [slice(graph, byGroup, first, last, 2), graph.ints([-1, width])])
  return [
    part(0, queries, heads * dHead),
    part(queries, queries + dHead, keyValueHeads * dHead),
    part(queries + dHead, queries + 2 * dHead, keyValueHeads * dHead),
  ]
}

/** Of `[rows, (H + 2 V) * d_head]`: all queries, all keys, all values. */
function splitColumns(
  graph: GraphBuilder,
  product: Value,
  { heads, keyValueHeads, dHead }: AttentionSpec,
): [Value, Value, Value] {
  const [q, k] = [heads * dHead, keyValueHeads * dHead]
  return [
    slice(graph, product, 0, q, 1),
    slice(graph, product, q, q + k, 1),
    slice(graph, product, q + k, q + 2 * k, 1),
  ]
}

export function slice(graph: GraphBuilder, value: Value, first: number, last: number, axis: number): Value {
  return graph.node('Slice', [value, ...[first, last, axis].map((bound) => graph.ints([bound]))])
}

/** `value` times a constant; a weight, since it may differ by layer where blocks share one session (GPT-2). */
function scaled(graph: GraphBuilder, value: Value, factor: number): Value {
  return graph.node('Mul', [value, graph.weight('scale', Float32Array.of(factor), [1])])
}

/** Clipped to [-clip, clip], times the scale already in `x`. */
function clipped(graph: GraphBuilder, x: Value, clip: number | null, scale = 1): Value {
  if (clip === null) return x
  const limit = clip * scale
  return graph.node('Clip', [
    x,
    constant(graph, `minus_${limit}`, -limit),
    constant(graph, `plus_${limit}`, limit),
  ])
}

function tempered({ graph, inputs }: Context, { temperature }: AttentionSpec, queries: Value): Value {
  if (!temperature || !inputs.positions) return queries
  const { every, offset, scale } = temperature
  const number = (name: string, value: number) => constant(graph, `temperature_${name}`, value)
  const position = graph.node('Cast', [inputs.selectRows(inputs.positions)], { to: 1 }) // [Q, 1]
  const moved = graph.node('Add', [position, number('offset', offset)])
  const steps = graph.node('Floor', [graph.node('Div', [moved, number('every', every)])])
  const logarithm = graph.node('Log', [graph.node('Add', [steps, number('one', 1)])])
  const factor = graph.node('Add', [graph.node('Mul', [logarithm, number('scale', scale)]), number('one', 1)])
  return graph.node('Mul', [queries, factor])
}
