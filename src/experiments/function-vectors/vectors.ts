import type { Item } from '../../domain/types.js'
import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import { randomFor } from '../../statistics/random.js'
import { promptsOf } from '../prompts.js'

/** The parts of function vectors, and their control. */

export interface Head {
  readonly layer: number
  readonly head: number
}

/** Mean contributions of the heads over the items' prompts, `[d_model]` each. */
export async function headOutputs(
  engine: Pick<Engine, 'encode' | 'components' | 'info'>,
  items: readonly Item[],
  heads: readonly Head[],
  options: EvaluateOptions,
): Promise<Float32Array[]> {
  const prompts = await promptsOf(engine, items)
  const { captured } = await engine.components(
    {
      items: prompts.map(({ regular, answerToken }) => ({ prompt: regular, branches: [], answerToken })),
      capture: { components: ['contributions'], as: 'mean' },
    },
    options,
  )
  const { dModel } = engine.info
  return heads.map(
    ({ layer, head }) =>
      captured.contributions?.[layer]?.slice(head * dModel, (head + 1) * dModel) ?? new Float32Array(dModel),
  )
}

/** `[size]` */
export function sumOf(vectors: readonly Float32Array[], size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) =>
    vectors.reduce((sum, vector) => sum + (vector[i] as number), 0),
  )
}

/** A vector of the same norm in a uniformly random direction. */
export function randomVector(
  like: Float32Array,
  key: { readonly seed: number; readonly task: string },
): Float32Array {
  const random = randomFor({ purpose: 'random vector', ...key })
  const uniform = () => (random.below(2 ** 30) + 1) / (2 ** 30 + 1)
  // Box and Muller.
  const normal = Float64Array.from(
    like,
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
  const scale = norm(like) / norm(normal)
  return Float32Array.from(normal, (value) => scale * value)
}

export function norm(vector: Float32Array | Float64Array): number {
  let squares = 0
  for (const value of vector) squares += value * value
  return Math.sqrt(squares)
}

/** `[times, size]` */
export function repeated(vector: Float32Array, times: number): Float32Array {
  const all = new Float32Array(times * vector.length)
  for (let i = 0; i < times; i++) all.set(vector, i * vector.length)
  return all
}
