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

/** x / rms(x) times the weight. */
export function rmsNorm(name: string, width: number, epsilon: number): NormSpec {
  return {
    kind: 'rms',
    width,
    epsilon,
    weight: tensor(`${name}.weight`, width),
    bias: null,
    weightOffset: 0,
  }
}

/** (x - mean) / deviation, times the weight, plus the bias. */
export function layerNorm(
  name: string,
  width: number,
  epsilon: number,
  { bias = true }: { readonly bias?: boolean } = {},
): NormSpec {
  return {
    kind: 'layer',
    width,
    epsilon,
    weight: tensor(`${name}.weight`, width),
    bias: bias ? tensor(`${name}.bias`, width) : null,
    weightOffset: 0,
  }
}
