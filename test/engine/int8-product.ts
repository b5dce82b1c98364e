import { InferenceSession, Tensor } from 'onnxruntime-node'
import { wholeNumberProduct } from '../../src/numerics/int8-products.js'
import { sessionOptions } from '../../src/engine/session-options.js'
import { GraphBuilder } from '../../src/onnx/graph.js'

/**
 * A product of whole numbers as `w8a8` computes it, and as sums in whole numbers, `[rows, outputs]` each. `x`: `[rows, inputs]`,
 * -128 to 127; `values`: `[outputs, inputs]`, with an extreme in every output, so that its step is 1.
 */
export async function wholeNumberProductOf(
  x: ArrayLike<number>,
  values: Float32Array,
  { rows, inputs, outputs }: { readonly rows: number; readonly inputs: number; readonly outputs: number },
): Promise<{ readonly computed: number[]; readonly exact: number[] }> {
  const graph = new GraphBuilder('product', 'w8a8')
  const input = graph.input('x', 'uint8', ['rows', inputs])
  const product = wholeNumberProduct(graph, input, { name: 'w', values, outputs, inputs })
  graph.output('y', product, 'float', ['rows', outputs])
  const session = await InferenceSession.create(graph.build().encode(), sessionOptions())
  const unsigned = Uint8Array.from(x, (value) => value + 128)
  const { y } = await session.run({ x: new Tensor('uint8', unsigned, [rows, inputs]) })
  await session.release()
  const exact = Array.from({ length: rows * outputs }, (_, at) => {
    const [row, output] = [Math.floor(at / outputs), at % outputs]
    let sum = 0
    for (let i = 0; i < inputs; i++)
      sum += (x[row * inputs + i] as number) * (values[output * inputs + i] as number)
    return sum
  })
  return { computed: [...(y?.data as Float32Array)], exact }
}
