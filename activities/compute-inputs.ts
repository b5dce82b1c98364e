import { type LayerSelection } from '../src/domain/layers.js'
import type { EngineMode } from '../src/domain/numerics.js'
import type {
  GivenTheta,
  Item,
  ModelContent,
  ModelInfo,
  PreparedTask,
  Protocol,
  RunResult,
  Scoring,
  TaskSpec,
} from '../src/domain/types.js'
import type { TaskPart } from '../src/store/task-work.js'
import type { PairMarks } from '../src/tasks/read-list.js'
import type { Expected } from './refuse-other.js'

export interface PrepareInput {
  readonly model: string
  readonly spec: TaskSpec
  readonly protocol: Protocol
  readonly layers: LayerSelection
  readonly layersPerActivity: number | 'all'
  /** The model content of the sweep's results, once settled. */
  readonly content?: ModelContent
  readonly mode?: EngineMode
}

export interface Prepared {
  readonly info: ModelInfo
  readonly prepared: PreparedTask
  /** The sweep's layers for this model, in chunks that one activity computes. */
  readonly layerChunks: readonly (readonly number[])[]
}

/** How a model's tokenizer reads some pairs. */
export interface PairsRead {
  readonly info: ModelInfo
  readonly marks: PairMarks
  /** Answers that begin with part of a character; counted under `prefix` scoring only. */
  readonly partial: number
}

export interface RunInput extends Expected {
  readonly task: string
  readonly items: readonly Item[]
  readonly scoring: Scoring
  readonly mode?: EngineMode
  /** θ given by the config. */
  readonly theta?: GivenTheta
  /** Set if the items are part of a larger split. */
  readonly part?: TaskPart['part']
}

export interface Computed {
  readonly runs: readonly RunResult[]
  readonly seconds: number
  readonly computedBy: string
  readonly theta?: { readonly layer: number; readonly base64: string }
  /** Of a part; see `TaskPart`. */
  readonly thetaSum?: string
}
