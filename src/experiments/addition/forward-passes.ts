import type { ComputeSteps, Scores } from '../../domain/experiments.js'
import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import { allLayers, layerCurve } from '../layer-curve.js'
import type { RunningEngine } from '../main/main-experiment.js'

/** θ added to the last token's own state after block L instead of put in its place, as function vectors are. */
export function addition(
  engine: RunningEngine & Pick<Engine, 'info'>,
  { items, scoring }: ComputeSteps['addition']['input'],
  options: EvaluateOptions,
): Promise<Scores> {
  const layers = allLayers(engine.info)
  const ofItem = ({ theta }: { theta: number[][] }) => ({ thetaPrompts: theta })
  return layerCurve(engine, items, scoring, { layers, patch: 'add' }, ofItem, options)
}
