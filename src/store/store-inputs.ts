import type { ModelInfo, PreparedTask, Protocol, RunResult, TaskSpec } from '../domain/types.js'
import type { NewUnit } from '../experiments/experiment.js'

/** Inputs and results of the store's methods. */

export type SweepStatus = 'running' | 'complete' | 'failed' | 'cancelled'

export interface NewSweep {
  /** `<name>-<8 hex of the resolved config's hash>`: the same config is the same sweep. */
  readonly id: string
  readonly name: string
  /** The resolved config, canonical JSON. */
  readonly config: string
  readonly codeVersion: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly protocol: Protocol
  readonly models: readonly { readonly id: string; readonly source: string }[]
  readonly tasks: readonly TaskSpec[]
  /** Of the experiments after the main one. */
  readonly units?: readonly NewUnit[]
  /** The same for the sweeps of one config's several seeds. */
  readonly group?: string
}

export interface PlanTaskInput {
  readonly sweepId: string
  readonly model: string
  readonly info: ModelInfo
  readonly prepared: PreparedTask
  /** The layers of the sweep for this model, ascending, cut into the chunks computed together. */
  readonly layerChunks: readonly (readonly number[])[]
}

export interface TaskPlan {
  readonly baselineStored: boolean
  /** Chunks with at least one cell not stored yet. */
  readonly missingChunks: readonly (readonly number[])[]
  readonly cells: { readonly all: number; readonly reused: number }
}

export interface RecordRunsInput {
  readonly sweepId: string
  readonly model: string
  readonly task: string
  /** The layers computed together with these runs; part of each run's key. */
  readonly layersTogether: readonly number[]
  readonly runs: readonly RunResult[]
  /** Seconds in the engine for all of `runs` together. */
  readonly seconds: number
  /** Host and process that computed them. */
  readonly computedBy: string
  /** Mean θ over the split's items at `layer`, f32 little-endian, base64; stored as a task vector. */
  readonly theta?: { readonly layer: number; readonly base64: string }
}

export interface BestLayer {
  readonly layer: number
  readonly devAccuracy: number
  /** Whether regular and hypothesis at this layer are stored already. */
  readonly testStored: boolean
}

export interface Failure {
  readonly sweepId: string
  readonly model: string
  readonly task: string | null
  /** Default: main. */
  readonly experiment?: string
  readonly code: string
  readonly message: string
  readonly attempts: number
  /** Last lines of the process that failed. */
  readonly log?: string
  /** Which worker it failed on. */
  readonly worker?: string
}

/** Progress of one (model, task), read by `status` and the live display. */
export interface TaskProgress {
  readonly model: string
  readonly task: string
  readonly cellsDone: number
  readonly cellsAll: number
  readonly cellsReused: number
  readonly bestLayer: number | null
  readonly complete: boolean
}
