import './session-options.js'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { GraphBuilder } from '../onnx/graph.js'

/**
 * The core's own f32 matrix peak as onnxruntime reaches it, GFLOP/s: a 1024 x 1024 x 1024 product by a packed weight,
 * one thread, the median of `runs` by processor time.
 */
export async function measurePeakGflops(runs = 15): Promise<number> {
  const size = 1024
  const values = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i))
  const graph = new GraphBuilder('peak')
  const x = graph.input('x', 'float', ['rows', size])
  graph.output(
    'y',
    graph.node('Gemm', [x, graph.weight('w', values, [size, size])], { transB: 1 }),
    'float',
    ['rows', size],
  )
  const session = await InferenceSession.create(graph.build().encode(), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  })
  const input = { x: new Tensor('float32', values, [size, size]) }
  const seconds: number[] = []
  for (let run = 0; run < runs + 3; run++) {
    const took = await ownProcessorSeconds(() => session.run(input))
    if (run >= 3) seconds.push(took) // the first runs warm caches and clocks
  }
  await session.release()
  seconds.sort((a, b) => a - b)
  return (2 * size ** 3) / (seconds[Math.floor(runs / 2)] as number) / 1e9
}

/** Processor seconds that this process uses for some work. */
export async function ownProcessorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
