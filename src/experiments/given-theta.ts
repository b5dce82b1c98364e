import { TaskvecError } from '../domain/errors.js'
import type { GivenTheta } from '../domain/types.js'
import type { EvaluateRequest } from '../engine/engine.js'
import { fromBase64 } from './thetas.js'

/** The vectors patched in instead of θ, for the layers of a request. */
export type GivenVectors = Pick<EvaluateRequest, 'patch'> & { readonly givenTheta: Float32Array }

/**
 * A θ given by the config, as the engine takes it: `[layers, d_model]`. A single vector is patched in at every L; of several, each at its
 * own. Errors: TASK if it belongs to another model or has no vector for an L.
 */
export function givenTheta(
  { name, mode, layers: own, base64 }: GivenTheta,
  layers: readonly number[],
  dModel: number,
): GivenVectors {
  const values = fromBase64(base64)
  const width = values.length / own.length
  if (width !== dModel)
    throw new TaskvecError(
      'TASK',
      `θ "${name}" has ${width} values; the model's d_model is ${dModel}: it is of another model`,
    )
  const given = new Float32Array(layers.length * dModel)
  for (const [i, layer] of layers.entries()) {
    const at = own.length === 1 ? 0 : own.indexOf(layer)
    if (at < 0)
      throw new TaskvecError(
        'TASK',
        `θ "${name}" has no vector of layer ${layer}, only of ${own.join(', ')}`,
        { hint: 'Set "layers" in the config to those it has.' },
      )
    given.set(values.subarray(at * dModel, (at + 1) * dModel), i * dModel)
  }
  return { givenTheta: given, ...(mode === undefined ? {} : { patch: mode }) }
}
