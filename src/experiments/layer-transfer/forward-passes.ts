import type { EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { layerCurve } from '../layer-curve.js'
import { inParts } from '../progress.js'
import type { RunningEngine } from '../prompts.js'
import type { Score, Scores } from '../scores.js'
import { thetasOf } from '../thetas.js'

/** θ taken after block `sourceLayer` and patched in after block `layer`: a matrix over the layers given. */
export async function layerTransfer(
  engine: RunningEngine,
  { items, scoring, layers }: TaskStep & { readonly layers: readonly number[] },
  options: EvaluateOptions,
): Promise<Scores> {
  const thetas = await thetasOf(engine, items, layers, options)
  const dModel = thetas.length / items.length / layers.length
  const part = inParts(options, layers.length)
  const scores: Score[] = []
  for (const [source, sourceLayer] of layers.entries()) {
    const curve = await layerCurve(
      engine,
      items,
      scoring,
      { layers },
      (_, item) => {
        const at = (item * layers.length + source) * dModel
        const givenTheta = new Float32Array(layers.length * dModel)
        for (let i = 0; i < layers.length; i++) givenTheta.set(thetas.subarray(at, at + dModel), i * dModel)
        return { givenTheta }
      },
      part(),
    )
    scores.push(...curve.scores.map((score) => ({ ...score, sourceLayer })))
  }
  return { scores }
}
