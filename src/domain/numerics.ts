/**
 * How products with weights are computed. `f32` is the reference; the others are approximations, part of every result's
 * key and shown beside it. docs/numerics.md says what each changes.
 */
export const numericsModes = ['f32', 'int8', 'int4', 'w8a8'] as const
export type NumericsMode = (typeof numericsModes)[number]

export const devices = ['cpu', 'cuda'] as const
export type Device = (typeof devices)[number]

/** What a sweep asks of its engines, and its results depend on; default: f32 on the cpu. */
export interface EngineMode {
  readonly numerics?: NumericsMode | undefined
  readonly device?: Device | undefined
}
