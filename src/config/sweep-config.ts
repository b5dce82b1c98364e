import { canonicalJson, sha256 } from '../domain/identity.js'
import type { ChosenExperiment } from '../domain/unit-place.js'
import type { EngineMode } from '../domain/numerics.js'
import type { Protocol, TaskSpec } from '../domain/types.js'
import type { LayerSelection } from '../domain/layers.js'
import type { ModelRef } from '../models/locate.js'

/** A resolved, self-contained config: word lists and items are inlined, paths absolute, defaults filled in. */
export interface SweepConfig {
  readonly name: string
  /** The file it was read from; not part of the sweep's identity. */
  readonly file: string
  readonly protocol: Protocol
  readonly models: readonly ModelRef[]
  readonly tasks: readonly TaskSpec[]
  readonly layers: LayerSelection
  /** Layers computed by one activity; `all`: a whole task in one wavefront. */
  readonly layersPerActivity: number | 'all'
  readonly experiments: readonly ('main' | ChosenExperiment)[]
  /** Absent for the default: f32 on the CPU, on one kind of processor. */
  readonly mode?: EngineMode
  /** Bytes for all engine processes together; not part of the sweep's identity. */
  readonly memoryLimit?: number
  /** Id shared by the sweeps of a config with several settings; else absent. */
  readonly group?: string
  /** All settings of the group, in order, so that any of its sweeps can resume it; not part of the sweep's identity. */
  readonly settings?: readonly Pick<SweepConfig, 'protocol' | 'mode'>[]
  /** Failures after which the sweep stops; not part of its identity. */
  readonly maxFailures?: number
  /** Notes on how its files were read (merged duplicates, unused columns); not part of its identity. */
  readonly notes?: readonly string[]
}

/** Whether the sweep has experiments besides the main one. */
export function hasFurther({ experiments }: Pick<SweepConfig, 'experiments'>): boolean {
  return experiments.some((experiment) => experiment !== 'main')
}

/** `<name>-<8 hex digits>`: equal resolved configs are the same sweep, wherever the file is. */
export function sweepId(config: SweepConfig): string {
  const identity = {
    ...config,
    // The commit that a revision resolved to is stored with the sweep, but is not part of its identity.
    models: config.models.map((model) => ({ ...model, commit: undefined })),
    file: undefined,
    maxFailures: undefined,
    memoryLimit: undefined,
    notes: undefined,
    settings: undefined,
  }
  return `${config.name}-${sha256(canonicalJson(identity)).slice(0, 8)}`
}

/** The sweeps of a config's settings, this one among them. */
export function groupOf(config: SweepConfig): SweepConfig[] {
  if (!config.settings) return [config]
  const { mode: _, ...common } = config
  return config.settings.map((setting) => ({ ...common, ...setting }))
}
