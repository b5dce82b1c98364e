import type { LayerSelection } from '../src/domain/layers.js'
import type { EngineMode } from '../src/domain/numerics.js'
import type { ModelContent, Protocol } from '../src/domain/types.js'

/** Settings passed down to all workflows of a sweep: ids and settings, no data. */
export interface SweepSettings {
  readonly sweepId: string
  /** Identifies the database, and so its writer's queue. */
  readonly store: string
  readonly protocol: Protocol
  readonly layers: LayerSelection
  readonly layersPerActivity: number | 'all'
  /** Absent for the default: f32 on the CPU, on one kind of processor. */
  readonly mode?: EngineMode
  /** Tasks of one model in progress at once. */
  readonly tasksInFlight: number
  /** Whether the sweep has further experiments. */
  readonly further?: boolean
  /** Failures after which the sweep stops; absent: no limit. */
  readonly maxFailures?: number
}

/** A model's tasks and units that failed for good in an earlier run and are not retried. */
export interface SkippedFailures {
  readonly tasks: readonly string[]
  /** Further experiments: `unitName`, and the task whose workflow runs them. */
  readonly units: readonly { readonly task: string; readonly name: string }[]
}

export interface SweepInput extends SweepSettings {
  /** Models still to do; shrinks with each continue-as-new. */
  readonly models: readonly string[]
  readonly tasks: readonly string[]
  readonly soFar?: Tally
  /** By model. */
  readonly leave?: Readonly<Record<string, SkippedFailures>>
  /** Failures since the sweep was started, across continue-as-new. */
  readonly failures?: number
}

export interface ModelInput extends SweepSettings {
  readonly model: string
  readonly tasks: readonly string[]
  /** All tasks of the sweep, if there are further experiments; `tasks` shrinks with each continue-as-new. */
  readonly allTasks?: readonly string[]
  /** Tasks whose further experiments are still to do; set after a continue-as-new. */
  readonly furtherTasks?: readonly string[]
  readonly soFar?: Tally
  readonly leave?: SkippedFailures
  /** Set after a continue-as-new, if it was settled before. */
  readonly content?: ModelContent
}

export interface TaskInput extends SweepSettings {
  readonly model: string
  readonly task: string
  /** Parts of a large task in progress at once; set after a continue-as-new, once the task is planned. */
  readonly lanes?: number
  /** The model content of the sweep's results; absent: any worker with a model of this id may compute. */
  readonly content?: ModelContent
}

export interface ExperimentsInput extends SweepSettings {
  readonly model: string
  /** '': the experiments over several tasks. */
  readonly task: string
  /** Units that failed in earlier runs of this workflow. */
  readonly failed?: readonly string[]
  readonly content?: ModelContent
}

/** Finished tasks by outcome; `failed` also counts tasks with failed further experiments. */
export interface Tally {
  readonly complete: number
  readonly failed: number
  /** The sweep stopped early, after `maxFailures`. */
  readonly stopped?: boolean
}
