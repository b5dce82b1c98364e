import { InferenceSession, type Tensor } from 'onnxruntime-node'
import { blockGraph } from '../architectures/block.js'
import { describeDecoder } from '../architectures/catalog.js'
import { expectedTensors } from '../architectures/decoder-sizes.js'
import type { DecoderSpec } from '../architectures/decoder.js'
import type { NumericsMode } from '../domain/numerics.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { attentionLayout } from './attention-layout.js'
import { BlockFeeds } from './block-feeds.js'
import { ownProcessorSeconds } from './measure-peak.js'
import { bytesPerWeight } from './planner.js'
import { sessionOptions } from './session-options.js'

/** SmolLM2-135M's block: gains differ little between shapes, and a small one is soon measured. */
const decoder: DecoderSpec = describeDecoder(
  {
    model_type: 'llama',
    ...{ hidden_size: 576, intermediate_size: 1536, num_attention_heads: 9, num_key_value_heads: 3 },
    ...{ num_hidden_layers: 1, vocab_size: 1, max_position_embeddings: 64, rms_norm_eps: 1e-5 },
    tie_word_embeddings: true,
  },
  'the measured block',
)
const [prompts, tokens] = [8, 32]
const rounds = 7
/** A mode counts as faster below this share of f32's time. */
export const faster = 0.95

export interface ModeCost {
  readonly mode: NumericsMode
  /** A block's time over f32's on this machine, attention and quantising included: medians, in turns. */
  readonly time: number
  /** A block's weights in memory over f32's. */
  readonly memory: number
}

/** Measures the cost of modes on this machine with one block each; takes about a second. */
export async function measureModes(modes: readonly NumericsMode[]): Promise<ModeCost[]> {
  const all: readonly NumericsMode[] = ['f32', ...modes]
  const feeds = blockFeeds()
  const weights = madeUp()
  const sessions = await Promise.all(
    all.map((mode) =>
      InferenceSession.create(blockGraph(weights, decoder, 0, mode).encode(), sessionOptions()),
    ),
  )
  const seconds: number[][] = all.map(() => [])
  for (let round = 0; round <= rounds; round++)
    for (const [i, session] of sessions.entries()) {
      const took = await ownProcessorSeconds(() => session.run(feeds, ['resid_post']))
      if (round > 0) seconds[i]?.push(took) // the first warms caches
    }
  await Promise.all(sessions.map((session) => session.release()))
  const medians = seconds.map((list) => list.sort((a, b) => a - b)[Math.floor(rounds / 2)] as number)
  return modes.map((mode, i) => ({
    mode,
    time: (medians[i + 1] as number) / (medians[0] as number),
    memory: bytesPerWeight[mode] / bytesPerWeight.f32,
  }))
}

/** All rows of some prompts, computed to the end. */
function blockFeeds(): Record<string, Tensor> {
  const rows = Array.from({ length: prompts * tokens }, (_, row) => row)
  const positions = rows.map((row) => row % tokens)
  const parents = rows.map((row) => (row % tokens === 0 ? -1 : row - 1))
  const groups = Array.from({ length: prompts }, (_, i) => rows.slice(i * tokens, (i + 1) * tokens))
  const layout = attentionLayout(groups, rows, { parents, positions })
  const residPre = waves(rows.length * decoder.dModel)
  return new BlockFeeds(decoder).of(0, { residPre, positions, rows, layout })
}

/** Weights without a meaning: a product's time does not depend on them. */
function madeUp(): Checkpoint {
  const sizes = new Map(
    [...expectedTensors(decoder)].map(([name, shape]) => [name, shape.reduce((size, n) => size * n, 1)]),
  )
  const values = waves(Math.max(...sizes.values()))
  const weights: Pick<Checkpoint, 'read'> = { read: (name) => values.subarray(0, sizes.get(name)) }
  return weights as Checkpoint // a graph only reads
}

function waves(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i))
}

/** A message before a sweep: what a mode gains on this machine, or that it saves no time. */
export function describeCost({ mode, time, memory }: ModeCost): string {
  const measured = `numerics: ${mode}: a block takes ${time.toFixed(2)} of f32's time on this machine, its weights ${memory.toFixed(2)} of the memory`
  return time <= faster
    ? `${measured}.`
    : `${measured}: it saves no time here. Where f32 fits into memory, use f32, the reference.`
}
