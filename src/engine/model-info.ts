import { createRequire } from 'node:module'
import { expectedTensors } from '../architectures/decoder-sizes.js'
import type { EngineMode, NumericsMode } from '../domain/numerics.js'
import type { ModelInfo } from '../domain/types.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { storageTypes, type Checkpoint } from '../weights/checkpoint.js'
import type { BlockSessions } from './block-sessions.js'
import type { Plan } from './planner.js'

/**
 * Maximum number of items per wavefront. More would read the weights less often, but exceed the processor's cache. Part of every
 * result's key, since shapes can affect last bits.
 */
export const itemsPerChunk = 16

/** Incremented with every change to graphs or chunking that may affect bits of a mode's results. */
const revisions: Readonly<Record<NumericsMode, number>> = { f32: 1, int8: 1, int4: 1, w8a8: 5 }

const { version: runtimeVersion } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
  version: string
}

/** Describes a loaded model and its numerics. */
export function modelInfo(
  checkpoint: Checkpoint,
  { decoder }: BlockSessions,
  { unknownToken }: Tokenizer,
  { execution }: Plan,
  { numerics = 'f32', device }: EngineMode,
  kernels: string | undefined,
): ModelInfo {
  const sizes = [...expectedTensors(decoder).values()].map((dims) => dims.reduce((a, b) => a * b, 1))
  return {
    modelHash: checkpoint.modelHash,
    architecture: decoder.family,
    blocks: decoder.blocks,
    dModel: decoder.dModel,
    vocab: decoder.vocab,
    ...(unknownToken === undefined ? {} : { unknownToken }),
    parameters: sizes.reduce((a, b) => a + b, 0),
    weights: `${checkpoint.format} ${storageTypes([...checkpoint.tensors.values()])}`,
    numerics: {
      mode: numerics,
      runtime: `onnxruntime-node ${runtimeVersion}`,
      threads: 1,
      itemsPerChunk,
      revision: revisions[numerics],
      ...(execution === 'packed' || numerics !== 'f32' ? {} : { weights: 'inputs' as const }),
      ...(device === 'cuda' ? { device } : {}),
      ...(kernels === undefined ? {} : { kernels }),
    },
  }
}
