import type { Thetas } from '../domain/experiments.js'
import type { Item } from '../domain/types.js'
import type { Engine, EvaluateOptions } from '../engine/engine.js'
import { promptsOf, type RunningEngine } from './main/main-experiment.js'

/** θ_L of each item, `[items, layers, d_model]`: the mean over its dummy queries x' of [S, x', ->]. */
export async function thetasOf(
  engine: RunningEngine,
  items: readonly Item[],
  layers: readonly number[],
  options: EvaluateOptions,
): Promise<Float32Array> {
  const prompts = await promptsOf(engine, items)
  return lastStates(
    engine,
    prompts.map(({ theta }) => theta),
    layers,
    options,
  )
}

/** The mean over each entry's prompts of the last token's residual stream after every L, `[entries, layers, d_model]`. */
export async function lastStates(
  engine: Pick<Engine, 'evaluate'>,
  prompts: readonly (readonly (readonly number[])[])[],
  layers: readonly number[],
  options: EvaluateOptions,
): Promise<Float32Array> {
  const items = prompts.map((thetaPrompts) => ({
    thetaPrompts,
    patchedPrompt: null,
    plainPrompts: [],
    answerToken: 0,
  }))
  const { thetas } = await engine.evaluate({ items, layers, thetas: 'each' }, options)
  return thetas ?? new Float32Array(0)
}

export function toThetas(vectors: Float32Array, firstItem: number, layers: readonly number[]): Thetas {
  return { firstItem, layers, base64: toBase64(vectors) }
}

/** For a payload, little-endian: Temporal keeps no typed array below the top. */
export function toBase64(vectors: Float32Array | Float64Array): string {
  return Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).toString('base64')
}

/** Mean of rows of `[rows, size]`. */
export function meanRow(vectors: Float32Array, rows: readonly number[], size: number): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => rows.reduce((sum, row) => sum + (vectors[row * size + i] as number), 0) / rows.length,
  )
}
