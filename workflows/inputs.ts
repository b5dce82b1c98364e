import type { LayerSelection } from '../src/config/layers.js'
import type { Protocol } from '../src/domain/types.js'

/** What a sweep needs to know everywhere below it: ids and settings, no data. */
export interface SweepSettings {
  readonly sweepId: string
  /** Names the database, and with it the queue of its writer. */
  readonly store: string
  readonly protocol: Protocol
  readonly layers: LayerSelection
  readonly layersPerActivity: number | 'all'
  /** Tasks of one model under way at the same time. */
  readonly tasksInFlight: number
}

export interface SweepInput extends SweepSettings {
  /** Still to be done; shrinks over continue-as-new. */
  readonly models: readonly string[]
  readonly tasks: readonly string[]
  readonly soFar?: Tally
}

export interface ModelInput extends SweepSettings {
  readonly model: string
  readonly tasks: readonly string[]
  readonly soFar?: Tally
}

export interface TaskInput extends SweepSettings {
  readonly model: string
  readonly task: string
}

/** Tasks finished, by outcome. */
export interface Tally {
  readonly complete: number
  readonly failed: number
}
