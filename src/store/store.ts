import type { FurtherExperiment, UnitPlace } from '../domain/experiments.js'
import type {
  ModelContent,
  ModelInfo,
  Pair,
  PreparedTask,
  Protocol,
  RunResult,
  TaskSpec,
} from '../domain/types.js'
import type { NextStep, UnitsOf } from './experiment-units.js'
import type { LargeTaskPlan, PlanLargeTaskInput, TaskToPrepare } from './large-tasks.js'
import type { Place } from './prepared-tasks.js'
import type { RecordPartInput, TaskPart } from './task-parts.js'

/**
 * The results database as activities see it: a single writer, every method one transaction, every write
 * idempotent, so that an activity delivered twice changes nothing. Implemented in sqlite-store.ts.
 */
export interface Store {
  /** Registers a sweep, or finds the one with this id again; a repeated call changes nothing. */
  createSweep(sweep: NewSweep): void
  setSweepStatus(sweepId: string, status: SweepStatus): void
  taskSpec(sweepId: string, task: string): TaskSpec
  /** What the sweep's results of a model are of; null where none was settled yet. */
  modelContent(sweepId: string, model: string): ModelContent | null
  /** Settles it: the first one stays. */
  settleModel(sweepId: string, model: string, content: ModelContent): ModelContent
  /** How a task is made ready: whole, or in parts. Errors: TASK where it is too large to be run at all. */
  taskToPrepare(sweepId: string, task: string): TaskToPrepare
  /** Of a large task: some of its pairs; what `planTask` does; the next part to be computed; and its results. */
  pairSlice(sweepId: string, task: string, slice: number): readonly Pair[]
  planLargeTask(input: PlanLargeTaskInput): Promise<LargeTaskPlan>
  nextPart(place: Place, under: readonly string[]): TaskPart | null
  nextTestPart(place: Place): TaskPart | null
  recordPart(input: RecordPartInput): void
  /**
   * Records model, pairs and items of one (model, task), derives every run's key, links runs already stored by
   * this or any other sweep, and says what is still to be computed.
   */
  planTask(input: PlanTaskInput): TaskPlan
  /** Stores runs under their keys; a key already there adds no row. */
  recordRuns(input: RecordRunsInput): void
  /** The lowest L with the highest dev accuracy; links or plans the test runs at it. Throws if a dev cell is missing. */
  chooseBestLayer(sweepId: string, model: string, task: string): BestLayer
  /** What the further experiments of a task, or those over several, do next; null: nothing. */
  nextStep(units: UnitsOf): NextStep | null
  recordStep(unit: UnitPlace, name: string, result: unknown): void
  recordFailure(failure: Failure): void
  /** The sweep's failures, or those of whole workflows only, are about to be tried again: they are no longer its verdict. */
  retryFailures(sweepId: string, which: 'all' | 'workflows'): void
  close(): void
}

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
  /** After the main one. */
  readonly experiments?: readonly FurtherExperiment[]
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
