import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Architecture, ModelShape } from '../architectures/architecture.js'
import type { EngineMode } from '../domain/numerics.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { collectGarbage } from './garbage.js'
import { blockTensors } from './planner.js'
import { ReadAhead } from './read-ahead.js'
import { sessionOptions } from './session-options.js'

type Feeds = Readonly<Record<string, Tensor>>

/** Where the blocks' weights are, and how a block is run with them. */
export interface BlockWeights {
  readonly run: (layer: number, feeds: Feeds, fetches: Feeds) => Promise<void>
  /** Makes a block's weights ready, letting go of those of another. */
  readonly enter: (layer: number) => Promise<void>
  /** After the last block of a pass. */
  readonly leave: () => Promise<void>
  readonly release: () => Promise<void>
}

/** A session per block with its weights inside, repacked by onnxruntime: fastest, and one more copy while it loads. */
export async function packedBlocks(
  checkpoint: Checkpoint,
  architecture: Architecture,
  shape: ModelShape,
  execution: 'packed' | 'streamed',
  { numerics, device }: EngineMode,
): Promise<BlockWeights> {
  const sessions = new Map<number, InferenceSession>()
  const ahead = new ReadAhead(checkpoint)

  async function enter(layer: number): Promise<InferenceSession> {
    const ready = sessions.get(layer)
    if (ready) return ready
    if (execution === 'streamed') await drop()
    const graph = architecture.block(await ahead.take(), shape, layer, numerics)
    if (execution === 'streamed' && layer + 1 < shape.blocks)
      ahead.start(blockTensors(architecture, shape, layer + 1).map(([name]) => name))
    const session = await InferenceSession.create(graph.encode(), sessionOptions(device))
    sessions.set(layer, session)
    return session
  }

  async function drop(): Promise<void> {
    for (const session of sessions.values()) await session.release()
    sessions.clear()
    if (execution === 'streamed') collectGarbage()
  }

  if (execution === 'packed') for (let layer = 0; layer < shape.blocks; layer++) await enter(layer)
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
 * One session for all blocks, the weights being inputs of it. `held`: those of all blocks are in memory; `streamed`: of
 * one, read when it is entered, while the next one's bytes are brought in from disk on another thread. Both give the
 * same bits.
 */
export async function fedBlocks(
  checkpoint: Checkpoint,
  architecture: Architecture,
  shape: ModelShape,
  execution: 'held' | 'streamed',
  { device }: EngineMode,
): Promise<BlockWeights> {
  const names: string[] = []
  let session: InferenceSession | null = null
  const weights = new Map<number, Tensor[]>()
  const ahead = new ReadAhead(checkpoint)

  async function enter(layer: number): Promise<void> {
    if (weights.has(layer)) return
    if (execution === 'streamed') drop()
    const graph = architecture.block(await ahead.take(), shape, layer)
    if (!session) {
      names.push(...graph.weights.map(({ name }) => name))
      session = await InferenceSession.create(graph.encodeTemplate(), sessionOptions(device))
    }
    weights.set(
      layer,
      graph.weights.map(({ rawData: { buffer, byteOffset, byteLength }, dims }) => {
        const values = new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4)
        return new Tensor('float32', values, dims)
      }),
    )
    if (execution === 'streamed' && layer + 1 < shape.blocks) {
      ahead.start(blockTensors(architecture, shape, layer + 1).map(([name]) => name))
    }
  }

  function drop(): void {
    weights.clear()
    collectGarbage()
  }

  if (execution === 'held') for (let layer = 0; layer < shape.blocks; layer++) await enter(layer)
  return {
    enter,
    async run(layer, feeds, fetches) {
      await enter(layer)
      const fed = (weights.get(layer) as Tensor[]).map((tensor, i) => [names[i] as string, tensor] as const)
      await (session as InferenceSession).run({ ...feeds, ...Object.fromEntries(fed) }, fetches)
    },
    async leave() {
      if (execution === 'streamed') drop()
    },
    async release() {
      drop()
      await ahead.close()
      await session?.release()
    },
  }
}
