import type { NumericsMode } from '../domain/numerics.js'
import type { OnnxGraph } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'

/**
 * One model family: validates a checkpoint's config and builds its graphs. One file each (llama.ts), all of this
 * shape, so that a new one is written by reading a neighbour (docs/adding-an-architecture.md).
 */
export interface Architecture {
  /** config.json's `model_type`. */
  readonly name: string
  /** What stands before the tensors' names, `model.`; repositories of a model without its head leave it out. */
  readonly prefix: string
  /** Validates the config; unknown values are refused by name. Throws MODEL. */
  readonly describe: (config: Readonly<Record<string, unknown>>, path: string) => ModelShape
  /** Every tensor that the graphs read, with its shape. */
  readonly expectedTensors: (shape: ModelShape) => Map<string, readonly number[]>
  /** Rows of the residual stream before block 0, `[tokens, d_model]`. */
  readonly embed: (
    checkpoint: Checkpoint,
    shape: ModelShape,
    tokens: readonly number[],
    positions: readonly number[],
  ) => Float32Array
  /** ONNX model of block `layer`; inputs and outputs as in src/engine/block-sessions.ts. */
  readonly block: (
    checkpoint: Checkpoint,
    shape: ModelShape,
    layer: number,
    numerics?: NumericsMode,
  ) => OnnxGraph
  /** ONNX model of the final norm and of a slice of the unembedding; outputs as in head-outputs.ts. */
  readonly head: (checkpoint: Checkpoint, shape: ModelShape, slice: VocabularySlice) => OnnxGraph
  /** Multiply-adds of one block for a row that only serves as key and value, and for one that goes all the way. */
  readonly macs: (shape: ModelShape) => { readonly keyValueRow: number; readonly fullRow: number }
}

/** Consecutive token ids: `first`, `first + 1`, ... */
export interface VocabularySlice {
  readonly first: number
  readonly count: number
}

/** What the engine needs to know of a model; `options` are the architecture's own. */
export interface ModelShape {
  readonly blocks: number
  readonly dModel: number
  readonly vocab: number
  readonly heads: number
  readonly dHead: number
  readonly maxPositions: number
  /** Null where positions are embedded, not rotated. */
  readonly rotary: Rotary | null
  readonly options: Readonly<Record<string, number | boolean | string>>
}

/** Rotary position embedding of the first `width` entries of each head. */
export interface Rotary {
  readonly width: number
  /** Radians by position, `width / 2` of them. */
  readonly angles: (position: number) => Float64Array
  /** Cosines and sines are multiplied by it; 1 but for some kinds of scaling. */
  readonly scale: number
  /** Whether entry 2i is rotated with 2i + 1 (GPT-J), rather than entry i with i + width / 2. */
  readonly interleaved: boolean
}
