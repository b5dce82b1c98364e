import type { EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import type { RunningEngine } from '../prompts.js'
import { meanThetas, thetasOf, toThetas, type Thetas } from '../thetas.js'

export interface StoredThetasStep extends TaskStep {
  readonly layers: readonly number[]
  readonly firstItem: number
}

/** The mean θ over all items, at each L: one vector a layer. */
export async function meanThetasOf(
  engine: RunningEngine,
  { items, layers, firstItem }: StoredThetasStep,
  options: EvaluateOptions,
): Promise<Thetas> {
  return toThetas(await meanThetas(engine, items, layers, options), firstItem, layers)
}

/** θ of each item, at each L. */
export async function itemThetas(
  engine: RunningEngine,
  { items, layers, firstItem }: StoredThetasStep,
  options: EvaluateOptions,
): Promise<Thetas> {
  return toThetas(await thetasOf(engine, items, layers, options), firstItem, layers)
}
