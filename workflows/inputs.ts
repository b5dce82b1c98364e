import type { LayerSelection } from '../src/domain/layers.js'
import type { EngineMode } from '../src/domain/numerics.js'
import type { ModelContent, Protocol } from '../src/domain/types.js'

/** What a sweep needs to know everywhere below it: ids and settings, no data. */
export interface SweepSettings {
  readonly sweepId: string
  /** Names the database, and with it the queue of its writer. */
  readonly store: string
  readonly protocol: Protocol
  readonly layers: LayerSelection
  readonly layersPerActivity: number | 'all'
  /** Only where it is not f32 on the cpu, of one kind of processor. */
  readonly mode?: EngineMode
  /** Tasks of one model under way at the same time. */
  readonly tasksInFlight: number
  /** Whether there are experiments after the main one. */
  readonly further?: boolean
  /** Failures after which the whole sweep stops; absent: it never does. */
  readonly maxFailures?: number
}

/** What failed for good in an earlier run of the sweep, of one model, and is not tried again. */
export interface SkippedFailures {
  readonly tasks: readonly string[]
  /** Further experiments: `unitName`, under the task whose workflow does them. */
  readonly units: readonly { readonly task: string; readonly name: string }[]
}

export interface SweepInput extends SweepSettings {
  /** Still to be done; shrinks over continue-as-new. */
  readonly models: readonly string[]
  readonly tasks: readonly string[]
  readonly soFar?: Tally
  /** By model. */
  readonly leave?: Readonly<Record<string, SkippedFailures>>
  /** Since the sweep was started, over continue-as-new. */
  readonly failures?: number
}

export interface ModelInput extends SweepSettings {
  readonly model: string
  readonly tasks: readonly string[]
  /** All tasks of the sweep, where there are further experiments; `tasks` shrinks. */
  readonly allTasks?: readonly string[]
  /** Tasks whose further experiments are still to be done; set from the second run of a continued workflow on. */
  readonly furtherTasks?: readonly string[]
  readonly soFar?: Tally
  readonly leave?: SkippedFailures
  /** Settled in an earlier run of a continued workflow. */
  readonly content?: ModelContent
}

export interface TaskInput extends SweepSettings {
  readonly model: string
  readonly task: string
  /** Of a large task that is planned already, in a continued workflow: parts under way at once. */
  readonly lanes?: number
  /** What the sweep's results of the model are of; absent: any worker that has the model by its id. */
  readonly content?: ModelContent
}

export interface ExperimentsInput extends SweepSettings {
  readonly model: string
  /** '': the experiments over several tasks. */
  readonly task: string
  /** Units that failed, in an earlier run of this workflow. */
  readonly failed?: readonly string[]
  readonly content?: ModelContent
}

/** Tasks finished, by outcome; `failed` also counts those whose further experiments failed. */
export interface Tally {
  readonly complete: number
  readonly failed: number
  /** The sweep stopped early, after `maxFailures`. */
  readonly stopped?: boolean
}
