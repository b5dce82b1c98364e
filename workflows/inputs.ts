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
  /** Whether there are experiments after the main one. */
  readonly further?: boolean
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
  /** All tasks of the sweep, where there are further experiments; `tasks` shrinks. */
  readonly allTasks?: readonly string[]
  /** Tasks whose further experiments are still to be done; set from the second run of a continued workflow on. */
  readonly furtherTasks?: readonly string[]
  readonly soFar?: Tally
}

export interface TaskInput extends SweepSettings {
  readonly model: string
  readonly task: string
}

export interface ExperimentsInput extends SweepSettings {
  readonly model: string
  /** '': the experiments over several tasks. */
  readonly task: string
  /** Units that failed, in an earlier run of this workflow. */
  readonly failed?: readonly string[]
}

/** Tasks finished, by outcome; `failed` also counts those whose further experiments failed. */
export interface Tally {
  readonly complete: number
  readonly failed: number
}
