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

/** What stands beside results that are not the reference's, for instance `w8a8`; null where they are. */
export function modeLabel({ numerics = 'f32', device = 'cpu' }: EngineMode): string | null {
  const parts = [
    ...(numerics === 'f32' && device === 'cpu' ? [] : [numerics]),
    ...(device === 'cpu' ? [] : [device]),
  ]
  return parts.length > 0 ? parts.join(' ') : null
}

/** Why a mode cannot be run anywhere; null where it can. */
export function refusedMode({ numerics = 'f32', device = 'cpu' }: EngineMode): string | null {
  if (device === 'cpu' || numerics === 'f32') return null
  return `the approximate numerics run on the cpu only: "${numerics}" needs device: cpu`
}
