import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { TensorInfo } from './checkpoint.js'
import type { GgufFile } from './gguf.js'
import type { GgufArchitecture } from './gguf-architecture.js'
import { ggufArchitectures } from './gguf-architectures.js'
import { GgufMetadata } from './gguf-metadata.js'
import { configOf, partOf } from './gguf-config.js'

/** A GGUF presented as the Hugging Face checkpoint it was converted from. */
export interface GgufCheckpoint {
  readonly config: Record<string, unknown>
  /** Keyed by Hugging Face name, with Hugging Face shapes; each keeps its GGUF `name`. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Maps a tensor's row to its stored row; null if rows were not reordered. */
  readonly rowOrder: (tensor: TensorInfo) => ((row: number) => number) | null
  /** Undoes the conversion's changes to a tensor's values; null if there were none. */
  readonly restore: (tensor: TensorInfo) => ((values: Float32Array) => Float32Array) | null
}

/** Tensors that go into the config, or tables that can be computed. */
const notWeights = /^(rope_freqs|rope_factors_(long|short)|blk\.\d+\.attn_rot_embd)\.weight$/

/**
 * Throws MODEL if the architecture or one of its features is unsupported; WEIGHTS if tensors do not fit the metadata.
 * @param readValues reads a tensor's values as f32
 */
export function ggufCheckpoint(
  path: string,
  gguf: GgufFile,
  readValues: (tensor: TensorInfo) => Float32Array,
): GgufCheckpoint {
  const model = new GgufMetadata(path, gguf, readValues)
  const found = architectureOf(path, gguf)
  const [marker, block] = found.blockWith ?? []
  const architecture = marker && block && model.has(marker) ? { ...found, block } : found
  const config = configOf(model, architecture)
  const tensors = new Map<string, TensorInfo>()
  const transposed = new Set(architecture.transposed?.map((part) => `${part}.weight`))
  for (const tensor of gguf.tensors)
    for (const [name, part] of huggingFaceTensors(model, architecture, tensor)) {
      const swapped = transposed.has(partOf(part.name)) ? { ...part, shape: part.shape.toReversed() } : part
      tensors.set(name, swapped)
    }
  return {
    config,
    tensors,
    rowOrder: (tensor) => rowOrderOf(model, architecture, tensor),
    restore: ({ name, shape }) => {
      if (transposed.has(partOf(name))) return (values) => transpose(values, shape)
      return architecture.normsPlusOne && /norm\.weight$/.test(name)
        ? (values) => values.map((value) => value - 1)
        : null
    },
  }
}

function architectureOf(path: string, { metadata }: GgufFile): GgufArchitecture {
  const name = metadata.get('general.architecture')
  const known = Object.keys(ggufArchitectures)
  const found =
    typeof name === 'string' && Object.hasOwn(ggufArchitectures, name) ? ggufArchitectures[name] : undefined
  if (found) return found
  throw new TaskvecError(
    'MODEL',
    `${path}: GGUF architecture ${name === undefined ? 'is missing' : `"${String(name)}"${didYouMean(String(name), known)}`}; known: ${known.join(', ')}`,
    { hint: 'Take the Hugging Face folder of the model instead.' },
  )
}

/**
 * A stored tensor under its Hugging Face names: one name per expert of a stack, three for a fused `attn_qkv` that Hugging Face stores
 * as q, k and v. Throws MODEL for an unknown tensor; WEIGHTS if its rows do not match the heads.
 */
function huggingFaceTensors(
  { path, heads, keyValueHeads, dHead, architecture: name }: GgufMetadata,
  { layers, outer, block }: GgufArchitecture,
  tensor: TensorInfo,
): (readonly [string, TensorInfo])[] {
  const match = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(tensor.name)
  const [, layer, part = '', kind = ''] = match ?? []
  const names = layer === undefined ? outer : block
  const found = Object.hasOwn(names, part) ? names[part] : undefined
  const prefix = layer === undefined ? '' : `${layers}.${layer}.`
  const whole = `${part}.${kind}`
  if (Object.hasOwn(names, whole)) return [[`${prefix}${names[whole]}`, tensor]]
  if (found?.includes('{}')) return expertsOf(path, `${prefix}${found}.${kind}`, tensor)
  if (found !== undefined) return [[`${prefix}${found}.${kind}`, atLeastARow(tensor, part)]]
  if (notWeights.test(tensor.name)) return []
  if (part !== 'attn_qkv' || layer === undefined || block['attn_q'] === undefined)
    throw new TaskvecError('MODEL', `${path}: tensor ${tensor.name} is not part of a known ${name} model`, {
      hint: 'Adapters and other additions cannot be run from GGUF; take the Hugging Face folder.',
    })
  const [rows = 0, ...rest] = tensor.shape
  const rowBytes = tensor.byteLength / rows
  let first = 0
  return (['attn_q', 'attn_k', 'attn_v'] as const).map((projection) => {
    const count = (projection === 'attn_q' ? heads : keyValueHeads) * dHead
    if (!Number.isInteger(count) || !Number.isInteger(rowBytes) || first + count > rows)
      throw new TaskvecError(
        'WEIGHTS',
        `${path}: ${tensor.name} has ${rows} rows, not those of ${heads} and ${keyValueHeads} heads`,
      )
    const piece = {
      ...tensor,
      shape: [count, ...rest],
      offset: tensor.offset + first * rowBytes,
      byteLength: count * rowBytes,
    }
    first += count
    return [`${prefix}${block[projection]}.${kind}`, piece] as const
  })
}

/** The largest published models have 512. */
const mostExperts = 4096

/** Splits a stack `[experts, ...]` into one tensor per expert. Throws WEIGHTS. */
function expertsOf(path: string, name: string, tensor: TensorInfo): (readonly [string, TensorInfo])[] {
  const [count = 0, ...shape] = tensor.shape
  const byteLength = tensor.byteLength / count
  if (count > mostExperts || !Number.isInteger(byteLength))
    throw new TaskvecError(
      'WEIGHTS',
      `${path}: ${tensor.name} holds ${count} experts; at most ${mostExperts}`,
    )
  return Array.from({ length: count }, (_, expert) => [
    name.replace('{}', String(expert)),
    { ...tensor, shape, offset: tensor.offset + expert * byteLength, byteLength },
  ])
}

/** GGUF stores the one-row gate of a shared expert as a vector: `[in]` becomes `[1, in]`. */
function atLeastARow(tensor: TensorInfo, part: string): TensorInfo {
  const isVector = part === 'ffn_gate_inp_shexp' && tensor.shape.length === 1
  return isVector ? { ...tensor, shape: [1, ...tensor.shape] } : tensor
}

/** See `GgufCheckpoint.rowOrder`. Throws WEIGHTS if rows do not divide into heads. */
function rowOrderOf(
  { heads, keyValueHeads }: GgufMetadata,
  { rotaryPairs, groupedQkv }: GgufArchitecture,
  { name, shape: [rows = 0] }: TensorInfo,
): ((row: number) => number) | null {
  const projection = /\.attn_(q|k|qkv)\.(weight|bias)$/.exec(name)?.[1]
  if (projection === 'qkv') return groupedQkv ? fromGroups(name, rows, heads, keyValueHeads) : null
  if (projection === undefined || !rotaryPairs) return null
  const count = projection === 'q' ? heads : keyValueHeads
  const width = rows / count
  if (!Number.isInteger(width / 2))
    throw new TaskvecError(
      'WEIGHTS',
      `${name}: ${rows} rows of queries or keys do not divide into ${count} heads of even width`,
    )
  return (row) => {
    const within = row % width // j d_head / 2 + i, stored at 2i + j
    return row - within + 2 * (within % (width / 2)) + Math.floor(within / (width / 2))
  }
}

/** Hugging Face: per key-value head, its queries, key and value. GGUF: all queries, all keys, all values. */
function fromGroups(
  name: string,
  rows: number,
  heads: number,
  keyValueHeads: number,
): (row: number) => number {
  const group = heads / keyValueHeads
  const dHead = rows / (heads + 2 * keyValueHeads)
  if (!Number.isInteger(group) || !Number.isInteger(dHead))
    throw new TaskvecError(
      'WEIGHTS',
      `${name}: ${rows} rows do not divide into ${heads} heads of queries and ${keyValueHeads} of keys and values`,
    )
  return (row) => {
    const [head, within] = [Math.floor(row / dHead), row % dHead]
    const [index, place] = [Math.floor(head / (group + 2)), head % (group + 2)]
    if (place < group) return (index * group + place) * dHead + within
    return (heads + (place - group) * keyValueHeads + index) * dHead + within
  }
}

/** Values stored as `[columns, rows]`, returned as `[rows, columns]`. */
function transpose(values: Float32Array, [rows = 0, columns = 0]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      out[row * columns + column] = values[column * rows + row] as number
  return out
}
