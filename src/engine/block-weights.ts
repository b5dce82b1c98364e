import { InferenceSession, Tensor } from 'onnxruntime-node'
import { blockGraph } from '../architectures/block.js'
import type { DecoderSpec } from '../architectures/decoder.js'
import type { EngineMode } from '../domain/numerics.js'
import { templateWeight, type OnnxGraph } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { collectGarbage } from './garbage.js'
import { blockTensors } from './planner.js'
import { ReadAhead } from './read-ahead.js'
import { sessionOptions } from './session-options.js'

type Feeds = Readonly<Record<string, Tensor>>

/** Holds the blocks' weights, and runs blocks with them. */
export interface BlockWeights {
  readonly run: (layer: number, feeds: Feeds, fetches: Feeds) => Promise<void>
  /** Loads a block's weights and frees those of the previous one. */
  readonly enter: (layer: number) => Promise<void>
  /** After the last block of a pass. */
  readonly leave: () => Promise<void>
  readonly release: () => Promise<void>
}

/** One session per block, with weights repacked by onnxruntime: the fastest, but needs an extra copy while loading. */
export async function packedBlocks(
  checkpoint: Checkpoint,
  decoder: DecoderSpec,
  execution: 'packed' | 'streamed',
  { numerics, device }: EngineMode,
  tapped = false,
): Promise<BlockWeights> {
  const sessions = new Map<number, InferenceSession>()
  let bytes = 0
  const ahead = new ReadAhead(checkpoint)

  async function enter(layer: number): Promise<InferenceSession> {
    const ready = sessions.get(layer)
    if (ready) return ready
    if (execution === 'streamed') await drop()
    const graph = blockGraph(await ahead.take(), decoder, layer, numerics, tapped)
    if (execution === 'streamed' && layer + 1 < decoder.blocks)
      ahead.start(blockTensors(decoder, layer + 1).map(([name]) => name))
    const encoded = graph.encode()
    const session = await InferenceSession.create(encoded, sessionOptions(device))
    sessions.set(layer, session)
    bytes += encoded.byteLength
    return session
  }

  async function drop(): Promise<void> {
    for (const session of sessions.values()) await session.release()
    sessions.clear()
    if (execution === 'streamed') collectGarbage(bytes)
    bytes = 0
  }

  if (execution === 'packed') for (let layer = 0; layer < decoder.blocks; layer++) await enter(layer)
  return {
    enter: async (layer) => void (await enter(layer)),
    run: async (layer, feeds, fetches) => void (await (await enter(layer)).run(feeds, fetches)),
    leave: async () => {
      if (execution === 'streamed') await drop()
    },
    async release() {
      await drop()
      await ahead.close()
    },
  }
}

/**
 * One session for all blocks of a kind, which takes the weights as inputs. `held`: the weights of all blocks are in memory. `streamed`:
 * only those of one block, read when it is entered, while another thread reads the next block's from disk. Results are bitwise equal.
 */
export async function fedBlocks(
  checkpoint: Checkpoint,
  decoder: DecoderSpec,
  execution: 'held' | 'streamed',
  { device }: EngineMode,
  tapped = false,
): Promise<BlockWeights> {
  const sessions = new Map<string, InferenceSession>()
  const weights = new Map<number, { session: InferenceSession; fed: Feeds }>()
  const ahead = new ReadAhead(checkpoint)

  async function enter(layer: number): Promise<void> {
    if (weights.has(layer)) return
    if (execution === 'streamed') drop()
    const graph = blockGraph(await ahead.take(), decoder, layer, undefined, tapped)
    const session = await sessionOf(graph)
    const fed = graph.weights.map(({ rawData: { buffer, byteOffset, byteLength }, dims }, i) => {
      const values = new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4)
      return [templateWeight(i), new Tensor('float32', values, dims)] as const
    })
    weights.set(layer, { session, fed: Object.fromEntries(fed) })
    if (execution === 'streamed' && layer + 1 < decoder.blocks) {
      ahead.start(blockTensors(decoder, layer + 1).map(([name]) => name))
    }
  }

  async function sessionOf(graph: OnnxGraph): Promise<InferenceSession> {
    const template = graph.encodeTemplate()
    const kind = Buffer.from(template).toString('latin1')
    const session = sessions.get(kind) ?? (await InferenceSession.create(template, sessionOptions(device)))
    sessions.set(kind, session)
    return session
  }

  function drop(): void {
    const fed = [...weights.values()].flatMap((block) => Object.values(block.fed))
    weights.clear()
    collectGarbage(fed.reduce((bytes, { data }) => bytes + (data as Float32Array).byteLength, 0))
  }

  if (execution === 'held') for (let layer = 0; layer < decoder.blocks; layer++) await enter(layer)
  return {
    enter,
    async run(layer, feeds, fetches) {
      await enter(layer)
      const { session, fed } = weights.get(layer) as { session: InferenceSession; fed: Feeds }
      await session.run({ ...feeds, ...fed }, fetches)
    },
    async leave() {
      if (execution === 'streamed') drop()
    },
    async release() {
      drop()
      await ahead.close()
      for (const session of sessions.values()) await session.release()
    },
  }
}
