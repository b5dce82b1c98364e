import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { identify } from '../../src/architectures/catalog.js'
import { numericsModes, type NumericsMode } from '../../src/domain/numerics.js'
import { BlockSessions } from '../../src/engine/block-sessions.js'
import type { EvaluateItem } from '../../src/engine/engine.js'
import { LocalEngine, loadEngine } from '../../src/engine/local-engine.js'
import { forward } from '../../src/engine/reference-pass.js'
import { rotate } from '../../src/numerics/hadamard.js'
import { productByBlocks } from '../../src/numerics/n-bit-products.js'
import { wholeNumberProducts } from '../../src/numerics/int8-products.js'
import { GraphBuilder, type Value } from '../../src/onnx/graph.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { tinyFolder, tinyModels } from '../golden/read.js'
import { wholeNumberProductOf } from './int8-product.js'

const items = Array.from({ length: 20 }, (_, i): EvaluateItem => ({
  thetaPrompts: [[1, 2, 3, (i % 50) + 1, 9]],
  patchedPrompt: [(i % 50) + 3, 9],
  plainPrompts: [[1, 2, 3, (i % 50) + 3, 9]],
  answerToken: i,
}))
const request = { items, layers: [0, 2], thetas: 'each' as const }
const engineIn = (numerics: NumericsMode, model = 'f16', memoryLimit?: number) =>
  loadEngine(tinyFolder(model), { mode: { numerics }, memoryLimit })

/** |a - b| / |b|, Euclidean. */
function relativeError(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  return norm(a.map((value, i) => value - (b[i] as number))) / norm(b)
}

/**
 * Of the residual streams after all blocks together. Random weights amplify errors, those of the LLaMA models most (measured
 * at most 0.042, 0.097 and 0.66): a wiring mistake gives about 1.4. What each product may err by is tested exactly below.
 */
const within: Readonly<Record<Exclude<NumericsMode, 'f32'>, number>> = {
  int8: 0.06,
  w8a8: 0.13,
  int4: 0.85,
}
const approximate = numericsModes.filter((mode) => mode !== 'f32')

describe.each(approximate)('numerics %s', (mode) => {
  it.each(tinyModels)('%s: is close to f32, but not equal', async (model) => {
    const states = async (numerics: NumericsMode) => {
      const engine = await engineIn(numerics, model)
      const { lastStates } = await forward(engine.sessions, [3, 14, 15, 92, 65, 35])
      await engine.close()
      return lastStates.flatMap((state) => [...state])
    }
    const error = relativeError(await states(mode), await states('f32'))
    expect(error).toBeLessThan(within[mode])
    expect(error).toBeGreaterThan(1e-5)
  })

  it('gives the same bytes every time, and is named in the numerics of its results', async () => {
    const engine = await engineIn(mode)
    const { seconds: _, ...first } = await engine.evaluate(request)
    const { seconds: __, ...again } = await (await engineIn(mode)).evaluate(request)
    expect(again).toEqual(first)
    expect(engine.info.numerics.mode).toBe(mode)
  })

  it('gives the bytes streamed that it gives in memory', async () => {
    const packed = await engineIn(mode)
    const { decoder, checkpoint } = identify(await openCheckpoint(tinyFolder('f16')))
    const sessions = await BlockSessions.load(checkpoint, decoder, 'streamed', { numerics: mode })
    const { tokenizer } = packed as unknown as { tokenizer: never }
    const plan = { ...packed.plan, execution: 'streamed' as const, itemsPerPass: 16 }
    const folder = mkdtempSync(join(tmpdir(), 'taskvec-passes-'))
    const streamed = new LocalEngine(sessions, tokenizer, packed.info, plan, folder)
    const { seconds: _, ...held } = await packed.evaluate(request)
    const { seconds: __, ...result } = await streamed.evaluate(request)
    expect(result).toEqual(held)
  })

  it('gives each item the same result as alone', async () => {
    const engine = await engineIn(mode)
    const { thetas: together = new Float32Array() } = await engine.evaluate(request)
    const width = 2 * engine.info.dModel
    for (const [i, item] of items.slice(0, 4).entries()) {
      const { thetas: alone = new Float32Array() } = await engine.evaluate({ ...request, items: [item] })
      const own = together.subarray(i * width, (i + 1) * width)
      // Attention and norms are f32: a last bit may differ there, and move a value that is then rounded to 8 bits.
      expect(relativeError([...alone], [...own])).toBeLessThan(mode === 'w8a8' ? 0.005 : 1e-4)
    }
  })
})

describe.each(approximate)('a product in %s', (mode) => {
  // 33 and 70 inputs do not fill blocks of 32.
  it.each([
    [32, 5],
    [33, 7],
    [70, 40],
  ])('of %i inputs and %i outputs errs by no more than half a step per factor', async (inputs, outputs) => {
    const random = xoroshiro128plus(inputs)
    const uniform = (size: number) =>
      Float32Array.from({ length: size }, () => uniformInt(random, -1000, 1000) / 1000)
    const [x, values, rows] = [uniform(3 * inputs), uniform(outputs * inputs), 3]
    const graph = new GraphBuilder('product', mode)
    const input = graph.input('x', 'float', ['rows', inputs])
    const weight = { name: 'w', values, outputs, inputs }
    const scale = mode === 'w8a8' ? 1 : 2
    const [product] =
      mode === 'w8a8'
        ? wholeNumberProducts(graph, input, [weight])
        : [productByBlocks(graph, mode === 'int8' ? 8 : 4, input, weight, scale)]
    graph.output('y', product as Value, 'float', ['rows', outputs])
    const session = await InferenceSession.create(graph.build().encode())
    const { y } = await session.run({ x: new Tensor('float32', x, [rows, inputs]) })
    const even = mode === 'w8a8'
    const [factors, weights] = even ? evened(x, values, inputs) : [x, values]
    const largest = (of: Float32Array) => (even ? Math.max(...of.map(Math.abs)) : 1)
    // Steps of weights and activations. A level that int4 and int8 lack at one end costs a whole step.
    const weightStep = { int8: 1 / 128, int4: 1 / 8, w8a8: 0.5 / 127 }[mode]
    const xStep = { int8: 0, int4: 0, w8a8: 0.5 / 127 }[mode]
    for (let row = 0; row < rows; row++)
      for (let output = 0; output < outputs; output++) {
        const a = factors.subarray(row * inputs, (row + 1) * inputs)
        const b = weights.subarray(output * inputs, (output + 1) * inputs)
        const [aStep, bStep] = [xStep * largest(a), weightStep * largest(b)]
        let exact = 0
        let bound = 1e-4
        for (let i = 0; i < inputs; i++) {
          const [ai, bi] = [a[i] as number, b[i] as number]
          exact += scale * ai * bi
          bound += scale * (Math.abs(ai) * bStep + Math.abs(bi) * aStep + aStep * bStep)
        }
        const got = y?.data[row * outputs + output] as number
        expect(Math.abs(got - exact)).toBeLessThanOrEqual(bound)
      }
    await session.release()
  })
})

describe('an integer product is exact', () => {
  // 1,000 inputs: a sum stays below 2^24, so that an f32 holds it. Odd and even counts, below and above the kernels' strides.
  const operands = {
    'extreme, one sign': () => 127,
    'extreme, any sign': (random: () => number) => (random() < 0.5 ? -127 : 127),
    uniform: (random: () => number) => Math.floor(255 * random()) - 127,
  }
  it.each(
    Object.keys(operands).flatMap((name) =>
      [3, 64, 101, 1000].map((inputs) => [name as keyof typeof operands, inputs] as const),
    ),
  )('%s, %i inputs', async (name, inputs) => {
    const generator = xoroshiro128plus(inputs)
    const draw = () => operands[name](() => uniformInt(generator, 0, 999_999) / 1e6)
    const [rows, outputs] = [5, 19]
    const x = Int16Array.from({ length: rows * inputs }, draw)
    const values = Float32Array.from({ length: outputs * inputs }, draw)
    // An extreme in every output: its step is 1, and the weights stay whole.
    for (let output = 0; output < outputs; output++) values[output * inputs] = output % 2 === 0 ? 127 : -127
    const { computed, exact } = await wholeNumberProductOf(x, values, { rows, inputs, outputs })
    expect(computed).toEqual(exact)
  })
})

it('integer products that share an input are the same as alone', async () => {
  const random = xoroshiro128plus(5)
  const uniform = (size: number) =>
    Float32Array.from({ length: size }, () => uniformInt(random, -1000, 1000) / 1000)
  const [inputs, rows] = [64, 4]
  const x = uniform(rows * inputs)
  // The same weights twice: the sizes of both together are those of each.
  const values = uniform(6 * inputs)
  const weight = (name: string) => ({ name, values, outputs: 6, inputs })
  const run = async (names: readonly string[]) => {
    const graph = new GraphBuilder('products', 'w8a8')
    const input = graph.input('x', 'float', ['rows', inputs])
    const products = wholeNumberProducts(graph, input, names.map(weight))
    products.forEach((product, i) => graph.output(`y${i}`, product, 'float', ['rows', 6]))
    const session = await InferenceSession.create(graph.build().encode())
    const results = await session.run({ x: new Tensor('float32', x, [rows, inputs]) })
    await session.release()
    return names.map((_, i) => [...(results[`y${i}`]?.data as Float32Array)])
  }
  const [[alone = []], [first = [], second = []]] = [await run(['a']), await run(['a', 'b'])]
  expect(second).toEqual(first)
  expect(relativeError(first, alone)).toBeLessThan(1e-6)
})

/** Activations `[rows, in]` and weights `[out, in]`, levelled and turned: the same products. */
function evened(x: Float32Array, values: Float32Array, inputs: number): [Float32Array, Float32Array] {
  const outputs = values.length / inputs
  const sizes = Array.from(
    { length: inputs },
    (_, i) => Math.hypot(...values.filter((_, at) => at % inputs === i)) / Math.sqrt(outputs),
  )
  const size = Math.min(64, inputs & -inputs)
  return [
    rotate(
      x.map((value, i) => value * (sizes[i % inputs] as number)),
      size,
    ),
    rotate(
      values.map((value, i) => value / (sizes[i % inputs] as number)),
      size,
    ),
  ]
}

it.each([1, 2, 64])('rotating %i neighbours twice restores them, and products are preserved', (size) => {
  const values = Float32Array.from({ length: 128 }, (_, i) => Math.sin(i * i))
  const turned = rotate(values, size)
  const norm = (of: Float32Array) => of.reduce((sum, value) => sum + value * value, 0)
  expect(norm(turned)).toBeCloseTo(norm(values), 4)
  rotate(turned, size).forEach((value, i) => expect(value).toBeCloseTo(values[i] as number, 5))
  if (size > 1) expect(relativeError([...turned], [...values])).toBeGreaterThan(0.1)
})

describe('a device that is not here', () => {
  it('is refused with what is missing and what to do', async () => {
    await expect(loadEngine(tinyFolder('f16'), { mode: { device: 'cuda' } })).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(/device: cuda: this machine has no .*provider of onnxruntime/) as string,
      hint: expect.stringMatching(/device: cpu.*ONNXRUNTIME_NODE_INSTALL=cuda12/) as string,
    })
  })

  it.each(approximate)('is refused with %s before it is looked for', async (numerics) => {
    await expect(loadEngine(tinyFolder('f16'), { mode: { device: 'cuda', numerics } })).rejects.toMatchObject(
      {
        message: expect.stringMatching(/run on the cpu only/) as string,
      },
    )
  })
})
