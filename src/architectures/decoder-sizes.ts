import type {
  DecoderSpec,
  TensorRef,
  LinearSpec,
  LayerSpec,
  AttentionSpec,
  MlpSpec,
  ExpertsSpec,
} from './decoder.js'

/** Every tensor that a part of a description names, by name. */
export function tensorsOf(part: unknown, found = new Map<string, readonly number[]>()) {
  if (Array.isArray(part)) for (const item of part) tensorsOf(item, found)
  else if (isTensor(part)) found.set(part.name, part.shape)
  else if (typeof part === 'object' && part !== null) tensorsOf(Object.values(part), found)
  return found
}

function isTensor(part: unknown): part is TensorRef {
  return typeof part === 'object' && part !== null && 'name' in part && 'shape' in part
}

/** Every tensor that the graphs read, with its shape. */
export function expectedTensors(decoder: DecoderSpec): Map<string, readonly number[]> {
  return tensorsOf(decoder)
}

/** The first position that a token at `position` sees. */
export function firstSeen({ window, chunk }: AttentionSpec, position: number): number {
  const inWindow = window === null ? 0 : position - window + 1
  const inChunk = chunk === null ? 0 : position - (position % chunk)
  return Math.max(0, inWindow, inChunk)
}

/** Whether block graphs take the rows' positions as an input. */
export function readsPositions({ rotary, temperature }: AttentionSpec): boolean {
  return rotary !== null || temperature !== null
}

/** Of a row's keys, and of its values, all heads together. */
export function keyValueWidths({ keyValueHeads, dHead, dValue }: AttentionSpec): {
  readonly keys: number
  readonly values: number
} {
  return { keys: keyValueHeads * dHead, values: keyValueHeads * dValue }
}

/** Multiply-adds of a block for a row that only serves as key and value, and for one that goes all the way. */
export function macs({ attention: { project, out }, mlp }: LayerSpec): {
  readonly keyValueRow: number
  readonly fullRow: number
} {
  const { keyValueRow, query } = projectionMacs(project)
  return { keyValueRow, fullRow: keyValueRow + query + size(out) + mlpMacs(mlp) }
}

function projectionMacs(project: AttentionSpec['project']): { keyValueRow: number; query: number } {
  if (project.kind === 'fused') return { keyValueRow: size(project.queryKeyValue), query: 0 }
  if (project.kind === 'split')
    return { keyValueRow: size(project.key) + size(project.value), query: size(project.query) }
  const { queryDown, query, keyValueDown, keyValue } = project
  return {
    keyValueRow: size(keyValueDown) + size(keyValue),
    query: size(query) + (queryDown ? size(queryDown.linear) : 0),
  }
}

function mlpMacs(mlp: MlpSpec | ExpertsSpec): number {
  if (mlp.kind === 'experts') {
    const { router, experts, perRow, shared } = mlp
    const expert = experts[0] ? mlpMacs(experts[0]) : 0
    return size(router) + perRow * expert + (shared ? mlpMacs(shared.mlp) : 0)
  }
  const { up, down } = mlp
  const first =
    up.kind === 'plain' ? size(up.up) : up.kind === 'gated' ? size(up.gate) + size(up.up) : size(up.gateUp)
  return first + size(down)
}

function size({ inputs, outputs }: LinearSpec): number {
  return inputs * outputs
}
