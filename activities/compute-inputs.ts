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
  /** What the sweep's results of the model are of, where that is settled. */
  readonly content?: ModelContent
  readonly mode?: EngineMode
}

export interface Prepared {
  readonly info: ModelInfo
  readonly prepared: PreparedTask
  /** The layers of the sweep for this model, cut into the chunks that one activity computes. */
  readonly layerChunks: readonly (readonly number[])[]
}

/** What a model's tokenizer makes of some pairs. */
export interface PairsRead {
  readonly info: ModelInfo
  readonly marks: PairMarks
  /** Answers that begin with part of a character, where it matters. */
  readonly partial: number
}

export interface RunInput extends Expected {
  readonly task: string
  readonly items: readonly Item[]
  readonly scoring: Scoring
  readonly mode?: EngineMode
  /** Where the config gives θ. */
  readonly theta?: GivenTheta
  /** Where the items are some of a larger split. */
  readonly part?: TaskPart['part']
}

export interface Computed {
  readonly runs: readonly RunResult[]
  readonly seconds: number
  readonly computedBy: string
  readonly theta?: { readonly layer: number; readonly base64: string }
  /** Of a part: see `TaskPart`. */
  readonly thetaSum?: string
}
