import type { EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { layerCurve } from '../layer-curve.js'
import type { RunningEngine } from '../prompts.js'
import type { Scores } from '../scores.js'
import { thetasOf, toThetas, type Thetas } from '../thetas.js'

/**
 * Robustness of θ (paper, section 5.1, Figures 5 and 9; docs/protocol.md, Robustness), for one task.
 *
 * 1. L: by hypothesis accuracy on separate dev items, k = 4, among a middle third of the layers.
 * 2. θ_L of 50 different (S, x'), a part of them at a time.
 * 3. Distances and map, over all tasks: separate-tasks.ts.
 */
export function robustnessLayers(
  engine: RunningEngine,
  { items, scoring, layers }: TaskStep & { readonly layers: readonly number[] },
  options: EvaluateOptions,
): Promise<Scores> {
  const ofItem = ({ theta }: { theta: number[][] }) => ({ thetaPrompts: theta })
  return layerCurve(engine, items, scoring, { layers }, ofItem, options)
}

/** Step 2. */
export async function robustnessThetas(
  engine: RunningEngine,
  { items, layer, firstItem }: TaskStep & { readonly layer: number; readonly firstItem: number },
  options: EvaluateOptions,
): Promise<Thetas> {
  return toThetas(await thetasOf(engine, items, [layer], options), firstItem, [layer])
}
