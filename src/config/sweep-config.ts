import { canonicalJson, sha256 } from '../domain/identity.js'
import type { ChosenExperiment } from '../domain/unit-place.js'
import type { EngineMode } from '../domain/numerics.js'
import type { Protocol, TaskSpec } from '../domain/types.js'
import type { LayerSelection } from '../domain/layers.js'
import type { ModelRef } from '../models/locate.js'

/** A config, resolved and self-contained: word lists and items are inside, paths absolute, defaults filled in. */
export interface SweepConfig {
  readonly name: string
  /** The file it was read from; no part of the sweep's identity. */
  readonly file: string
  readonly protocol: Protocol
  readonly models: readonly ModelRef[]
  readonly tasks: readonly TaskSpec[]
  readonly layers: LayerSelection
  /** How many layers one activity computes; `all`: a whole task in one wavefront. */
  readonly layersPerActivity: number | 'all'
  readonly experiments: readonly ('main' | ChosenExperiment)[]
  /** Only where it is not f32 on the cpu, from one kind of processor. */
  readonly mode?: EngineMode
  /** Bytes that all engine processes together may hold; no part of the sweep's identity. */
  readonly memoryLimit?: number
  /** Only where the config has several settings: the same for the sweeps of all of them. */
  readonly group?: string
  /** All of the group, in order, so that it can be resumed from one of them; no part of the sweep's identity. */
  readonly settings?: readonly Pick<SweepConfig, 'protocol' | 'mode'>[]
  /** After so many failures the sweep stops; no part of its identity. */
  readonly maxFailures?: number
  /** What is to be known of how its files were read (merged duplicates, unused columns); no part of its identity. */
  readonly notes?: readonly string[]
}

/** Whether it runs more than the main experiment. */
export function hasFurther({ experiments }: Pick<SweepConfig, 'experiments'>): boolean {
  return experiments.some((experiment) => experiment !== 'main')
}

/** `<name>-<8 hex>`: the same resolved config is the same sweep, wherever its file lies. */
export function sweepId(config: SweepConfig): string {
  const identity = {
    ...config,
    // What a revision stood for when the sweep began is kept with the sweep, and does not make another one.
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
