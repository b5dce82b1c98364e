import { allLayers } from '../../domain/layers.js'
import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { layerCurve } from '../layer-curve.js'
import type { RunningEngine } from '../prompts.js'
import type { Scores } from '../scores.js'

/** θ added to the last token's state after block L instead of replacing it, like a function vector. */
export function addition(
  engine: RunningEngine & Pick<Engine, 'info'>,
  { items, scoring }: TaskStep,
  options: EvaluateOptions,
): Promise<Scores> {
  const layers = allLayers(engine.info.blocks)
  const ofItem = ({ theta }: { theta: number[][] }) => ({ thetaPrompts: theta })
  return layerCurve(engine, items, scoring, { layers, patch: 'add' }, ofItem, options)
}
