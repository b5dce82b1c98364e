import type { LinearSpec, NormSpec, TensorRef } from './decoder.js'

/** The small parts of a description, with the usual names of tensors: `name.weight` and `name.bias`. */

export function tensor(name: string, ...shape: readonly number[]): TensorRef {
  return { name, shape }
}

interface LinearOptions {
  readonly bias?: boolean
  readonly stored?: LinearSpec['stored']
}

export function linear(
  name: string,
  inputs: number,
  outputs: number,
  { bias = false, stored = 'out-in' }: LinearOptions = {},
): LinearSpec {
  return {
    weight: tensor(`${name}.weight`, ...(stored === 'out-in' ? [outputs, inputs] : [inputs, outputs])),
    bias: bias ? tensor(`${name}.bias`, outputs) : null,
    inputs,
    outputs,
    stored,
  }
}

/** A kind of norm, used under several names. */
export type NormKind = (name: string, width: number) => NormSpec

interface NormOptions {
  readonly weight?: boolean
  readonly bias?: boolean
  readonly weightOffset?: NormSpec['weightOffset']
}

/** x / rms(x) times the weight. */
export const rmsNorm = (epsilon: number, options?: NormOptions) => normKind('rms', epsilon, options)

/** (x - mean) / deviation, times the weight, plus the bias. */
export const layerNorm = (epsilon: number, options?: NormOptions) =>
  normKind('layer', epsilon, { bias: true, ...options })

function normKind(
  kind: NormSpec['kind'],
  epsilon: number,
  { weight = true, bias = false, weightOffset = 0 }: NormOptions = {},
): NormKind {
  return (name, width) => ({
    kind,
    width,
    epsilon,
    weight: weight ? tensor(`${name}.weight`, width) : null,
    bias: bias ? tensor(`${name}.bias`, width) : null,
    weightOffset,
  })
}
