import { InferenceSession, Tensor } from 'onnxruntime-node'
import { productByBlocks } from '../numerics/n-bit-products.js'
import { wholeNumberProducts } from '../numerics/int8-products.js'
import type { NumericsMode } from '../domain/numerics.js'
import { GraphBuilder, type Value } from '../onnx/graph.js'
import { ownProcessorSeconds } from './measure-peak.js'
import { bytesPerWeight } from './planner.js'
import { sessionOptions } from './session-options.js'

/** As in a model of some hundred million parameters. */
const [rows, inputs, outputs] = [256, 768, 1024]
const rounds = 7
/** A mode counts as faster below this share of f32's time. */
export const faster = 0.95

export interface ModeCost {
  readonly mode: NumericsMode
  /** A product's time over f32's on this machine: medians, in turns. */
  readonly time: number
  /** A block's weights in memory over f32's. */
  readonly memory: number
}

/** Measures the cost of modes on this machine with one product each; takes a few tenths of a second. */
export async function measureModes(modes: readonly NumericsMode[]): Promise<ModeCost[]> {
  const values = Float32Array.from({ length: outputs * inputs }, (_, i) => Math.sin(i))
  const x = new Tensor('float32', values.slice(0, rows * inputs), [rows, inputs])
  const all: readonly NumericsMode[] = ['f32', ...modes]
  const sessions = await Promise.all(all.map((mode) => productIn(mode, values)))
  const seconds: number[][] = all.map(() => [])
  for (let round = 0; round <= rounds; round++)
    for (const [i, session] of sessions.entries()) {
      const took = await ownProcessorSeconds(() => session.run({ x }))
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

function productIn(mode: NumericsMode, values: Float32Array): Promise<InferenceSession> {
  const graph = new GraphBuilder('product', mode)
  const x = graph.input('x', 'float', ['rows', inputs])
  const weight = { name: 'w', values, outputs, inputs }
  const product = {
    f32: () => graph.node('Gemm', [x, graph.weight('w', values, [outputs, inputs])], { transB: 1 }),
    int8: () => productByBlocks(graph, 8, x, weight, 1),
    int4: () => productByBlocks(graph, 4, x, weight, 1),
    w8a8: () => wholeNumberProducts(graph, x, [weight])[0] as Value,
  }[mode]()
  graph.output('y', product, 'float', ['rows', outputs])
  return InferenceSession.create(graph.build().encode(), sessionOptions())
}

/** A message before a sweep: what a mode gains on this machine, or that it saves no time. */
export function describeCost({ mode, time, memory }: ModeCost): string {
  const measured = `numerics: ${mode}: a product takes ${time.toFixed(2)} of f32's time on this machine, a block's weights ${memory.toFixed(2)} of its memory`
  return time <= faster
    ? `${measured}.`
    : `${measured}: it saves no time here. Where f32 fits into memory, use f32, the reference.`
}
