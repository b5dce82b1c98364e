/**
 * How products with weights are computed. `f32` is the reference; the others are approximations, part of every result's
 * key and shown beside it. docs/numerics.md says what each changes.
 */
export const numericsModes = ['f32', 'int8', 'int4', 'w8a8'] as const
export type NumericsMode = (typeof numericsModes)[number]

export const devices = ['cpu', 'cuda'] as const
export type Device = (typeof devices)[number]

/** Whether all results of a model must come from the same kind of processor, or may come from any. */
export const processorRules = ['same', 'any'] as const
export type ProcessorRule = (typeof processorRules)[number]

/** What a sweep requires of its engines and its results depend on; default: f32 on the cpu. */
export interface EngineMode {
  readonly numerics?: NumericsMode | undefined
  readonly device?: Device | undefined
  /** Default: `same`. */
  readonly processors?: ProcessorRule | undefined
}

/** Label of results that are not the reference's, for instance `w8a8` or `f32 any processor`; null for the reference. */
export function modeLabel({
  numerics = 'f32',
  device = 'cpu',
  processors = 'same',
}: EngineMode): string | null {
  const parts = [...(device === 'cpu' ? [] : [device]), ...(processors === 'same' ? [] : ['any processor'])]
  return numerics === 'f32' && parts.length === 0 ? null : [numerics, ...parts].join(' ')
}

/** Why a mode cannot run on a device; null if it can. */
export function refusedMode({ numerics = 'f32', device = 'cpu' }: EngineMode): string | null {
  if (device === 'cpu' || numerics === 'f32') return null
  return `the approximate numerics run on the cpu only: "${numerics}" needs device: cpu`
}

/**
 * An engine's numeric set-up as far as a sweep's results of the model are bound to it (`settled`): a sweep that
 * takes any kind of processor does not record which one computed.
 */
export function boundNumerics(here: Numerics, settled: NumericsJson | undefined): Numerics {
  if (settled === undefined || kernelsOf(settled) !== null) return here
  const { kernels: _, ...rest } = here
  return rest
}

/** The kind of processor in a stored numeric set-up; null if any is allowed. */
export function kernelsOf(numerics: NumericsJson): string | null {
  return readNumerics(numerics).kernels ?? null
}

/** How two numeric set-ups differ, as text: `kernels is a, not b`. */
export function numericsDifference(here: NumericsJson, settled: NumericsJson): string {
  const [ours, theirs] = [here, settled].map((json) => JSON.parse(json) as Record<string, string | number>)
  const shown = (value: string | number | undefined) => (value === undefined ? 'not set' : String(value))
  return [...new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})])]
    .filter((key) => ours?.[key] !== theirs?.[key])
    .map((key) => `${key} is ${shown(ours?.[key])}, not ${shown(theirs?.[key])}`)
    .join('; ')
}

export const otherProcessorHint =
  'Resume on a machine like the first, or start a new sweep with `processors: any`: its results agree within a bound, not to the last bit (docs/numerics.md).'

/**
 * The numeric set-up: everything that can move the last bits of a result; part of every result's key. Its mode is what configs
 * call `numerics`.
 */
export interface Numerics {
  readonly mode: NumericsMode
  /** Set unless it is the cpu. */
  readonly device?: 'cuda'
  readonly runtime: string
  readonly threads: number
  /** Items computed together in one wavefront chunk: fixed, since shapes can change last bits. */
  readonly itemsPerChunk: number
  /**
   * The kind of processor, by the kernels that onnxruntime uses on it (src/engine/kernels.ts): their last bits differ. Absent: any
   * kind (`processors: any`, and sweeps begun before kinds were recorded).
   */
  readonly kernels?: string
  /** Set if weights are inputs of the graph instead of repacked constants: products are summed in another order. */
  readonly weights?: 'inputs'
  /** Version of the engine's graphs and chunking; raised whenever a change may move bits. */
  readonly revision: number
}

/** `Numerics` as canonical JSON (`numericsJson`): what columns and payloads named `numerics` hold. */
export type NumericsJson = `{${string}}`

export function readNumerics(json: NumericsJson): Numerics {
  return JSON.parse(json) as Numerics
}
