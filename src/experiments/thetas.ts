import { cutItems } from '../domain/item-parts.js'
import { largestPayload } from '../domain/payloads.js'
import type { Item } from '../domain/types.js'
import type { Engine, EvaluateOptions } from '../engine/engine.js'
import { thetas as thetaTable } from '../store/schema/units.js'
import { rowsOf, type StoredRows, type TableRows } from './experiment.js'
import { engineItem, promptsOf, type RunningEngine } from './prompts.js'

export interface Thetas {
  readonly firstItem: number
  readonly layers: readonly number[]
  /** `[items, layers, d_model]`, f32 little-endian. */
  readonly base64: string
}

/** θ_L of each item, `[items, layers, d_model]`: the mean over its dummy queries x' of [S, x', ->]; 'mean': over the items too, `[layers, d_model]`. */
export async function thetasOf(
  engine: RunningEngine,
  items: readonly Item[],
  layers: readonly number[],
  options: EvaluateOptions,
  which: 'each' | 'mean' = 'each',
): Promise<Float32Array> {
  const prompts = await promptsOf(engine, items)
  const entries = prompts.map(({ theta }) => theta)
  return lastStates(engine, entries, layers, options, which)
}

/** The mean over each entry's prompts of the last token's `resid_post` of every L, `[entries, layers, d_model]`; 'mean': over the entries too. */
export async function lastStates(
  engine: Pick<Engine, 'evaluate'>,
  prompts: readonly (readonly (readonly number[])[])[],
  layers: readonly number[],
  options: EvaluateOptions,
  which: 'each' | 'mean' = 'each',
): Promise<Float32Array> {
  const items = prompts.map((thetaPrompts) => engineItem(null, { thetaPrompts, answerToken: 0 }))
  const { thetas } = await engine.evaluate({ items, layers, thetas: which }, options)
  return thetas ?? new Float32Array(0)
}

export function toThetas(vectors: Float32Array, firstItem: number, layers: readonly number[]): Thetas {
  return { firstItem, layers, base64: toBase64(vectors) }
}

/** For a payload, little-endian: Temporal does not preserve nested typed arrays. */
export function toBase64(vectors: Float32Array | Float64Array): string {
  return Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).toString('base64')
}

/** Vectors from a payload. */
export function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

/** The parts concatenated. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

/** Mean of rows of `[rows, size]`. */
export function meanRow(vectors: Float32Array, rows: readonly number[], size: number): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => rows.reduce((sum, row) => sum + (vectors[row * size + i] as number), 0) / rows.length,
  )
}

/** θ as rows, one per item and L. */
export function thetaRows({ firstItem, layers, base64 }: Thetas, dModel: number): TableRows[] {
  const bytes = Buffer.from(base64, 'base64')
  const size = 4 * dModel
  const vectors = Array.from({ length: bytes.length / size }, (_, vector) => ({
    layer: layers[vector % layers.length] as number,
    item: firstItem + Math.floor(vector / layers.length),
    values: bytes.subarray(vector * size, (vector + 1) * size),
  }))
  return [rowsOf(thetaTable, vectors)]
}

/** Bytes of vectors in one payload: as base64 within Temporal's 2 MiB. */
const maxVectorBytes = 1_000_000

export interface ThetaPart {
  readonly layers: readonly number[]
  readonly first: number
  readonly end: number
}

/** (layers, items) cut into parts whose items and whose θ fit a payload each. */
export function thetaParts(layers: readonly number[], items: readonly Item[], dModel: number): ThetaPart[] {
  const vectors = Math.max(1, Math.floor(maxVectorBytes / (4 * dModel)))
  const layersAtOnce = Math.min(layers.length, vectors)
  const firsts = cutItems(
    items.map((item) => Buffer.byteLength(JSON.stringify(item)) + 1),
    1,
    { items: Math.max(1, Math.floor(vectors / layersAtOnce)), bytes: largestPayload - 4_000 },
  )
  const parts: ThetaPart[] = []
  for (let l = 0; l < layers.length; l += layersAtOnce)
    parts.push(...firsts.map((part) => ({ layers: layers.slice(l, l + layersAtOnce), ...part })))
  return parts
}

/** The first part whose θ are not stored. */
export function missingPart(stored: StoredRows, parts: readonly ThetaPart[]): ThetaPart | undefined {
  return parts.find(
    ({ layers: [layer], first }) => !stored.has(thetaTable, { layer: layer as number, item: first }),
  )
}
