import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { productByBlocks } from '../numerics/n-bit-products.js'
import { GraphBuilder, type Value } from '../onnx/graph.js'
import { sessionOptions } from './session-options.js'

/**
 * The kind of kernels that onnxruntime uses here, such as `linux x64 avx2 1f0c27a9`: operating system and architecture, which have
 * different builds; the processor's widest instruction set, if the system names it; and a hash of the kernels' results. onnxruntime
 * chooses kernels by processor, and they sum in different orders, so that last bits are equal only within one kind. The hash also tells
 * kinds apart under an emulator, or if the system names no instruction set.
 */
export function kernelsHere(): Promise<string> {
  return (here ??= probe().then((hash) =>
    [process.platform, process.arch, widestInstructions(), hash].filter(Boolean).join(' '),
  ))
}
let here: Promise<string> | undefined

/** x64 on Linux, by the flags that MLAS asks for (onnxruntime's platform.cpp); the first that a processor has. */
const instructionSets: readonly [string, readonly string[]][] = [
  ['avx512', ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl']],
  ['avx512f', ['avx512f']],
  ['avx2', ['avx2', 'fma']],
  ['avx', ['avx']],
  ['sse', []],
]

/** '' if unknown. */
function widestInstructions(): string {
  if (process.arch !== 'x64' || process.platform !== 'linux') return ''
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(/\s+/) ?? []
    if (flags.length === 0) return ''
    return instructionSets.find(([, needed]) => needed.every((flag) => flags.includes(flag)))?.[0] ?? ''
  } catch {
    return '' // no such file in a sandbox
  }
}

/** Longer than the part of a sum that a kernel takes at once (128), and no multiple of any width. */
const [inputs, outputs] = [300, 70]

/** Hash of the results of every operator whose rounding depends on the processor, for one row and for many. */
async function probe(): Promise<string> {
  const random = numbers()
  const take = (size: number) => Float32Array.from({ length: size }, random)
  const graph = new GraphBuilder('probe')
  const x = graph.input('x', 'float', ['rows', inputs])
  const weight = { name: 'w', values: take(outputs * inputs), outputs, inputs }
  const product = graph.node('Gemm', [x, graph.weight('w', weight.values, [outputs, inputs])], { transB: 1 })
  const turned = graph.node('Transpose', [product], { perm: [1, 0] })
  const scale = graph.weight('scale', take(outputs), [outputs])
  const microsoft = (type: string) => graph.node(type, [product], {}, 'com.microsoft')
  const values: Value[] = [
    product,
    graph.node('MatMul', [product, turned]),
    ...['Softmax', 'Exp', 'Gelu', 'Sigmoid'].map((type) => graph.node(type, [product])),
    ...['FastGelu', 'QuickGelu'].map(microsoft),
    graph.node('RMSNormalization', [product, scale]),
    graph.node('LayerNormalization', [product, scale]),
    productByBlocks(graph, 8, x, { ...weight, name: 'w8' }, 1),
    productByBlocks(graph, 4, x, { ...weight, name: 'w4' }, 1),
  ]
  values.forEach((value, i) =>
    graph.output(`y${i}`, graph.node('Identity', [value]), 'float', ['rows', 'columns']),
  )
  const session = await InferenceSession.create(graph.build().encode(), sessionOptions())
  const hash = createHash('sha256')
  for (const rows of [1, 16]) {
    const given = await session.run({ x: new Tensor('float32', take(rows * inputs), [rows, inputs]) })
    for (const i of values.keys()) {
      const { buffer, byteOffset, byteLength } = given[`y${i}`]?.data as Float32Array
      hash.update(new Uint8Array(buffer, byteOffset, byteLength))
    }
  }
  await session.release()
  return hash.digest('hex').slice(0, 8)
}

/** The same numbers from -1 to 1 everywhere: whole numbers modulo 2^32, which are exact in doubles. */
function numbers(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) / 2 ** 23 - 1
  }
}
