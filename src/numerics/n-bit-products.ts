import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Weight } from './weight.js'

/** Weights that share a scale in `int8` and `int4`, neighbours along the inputs. */
const blockSize = 32
/** MatMulNBits' accuracy_level 1. At 4 onnxruntime rounds activations to 8 bits on processors that have a kernel for it. */
const f32Activations = 1

/** alpha x W^T, `[rows, out]`, by weights of 8 or 4 bits in blocks with a scale each; activations stay f32. */
export function productByBlocks(
  graph: GraphBuilder,
  bits: 8 | 4,
  x: Value,
  weight: Weight,
  alpha: number,
): Value {
  const { name, outputs, inputs } = weight
  const blocks = Math.ceil(inputs / blockSize)
  const { values, scales } = quantiseBlocks(weight, bits)
  return graph.node(
    'MatMulNBits',
    [
      x,
      graph.quantised(name, values, [outputs, blocks, (blockSize * bits) / 8]),
      graph.weight(
        `${name}.scales`,
        scales.map((scale) => alpha * scale),
        [outputs * blocks],
      ),
    ],
    { K: inputs, N: outputs, bits, block_size: blockSize, accuracy_level: f32Activations },
    'com.microsoft',
  )
}

/** As MatMulNBits takes them: `[out, blocks, block]`, value = scale (stored - 2^(bits - 1)), the last block filled up. */
function quantiseBlocks({ values, outputs, inputs }: Weight, bits: 8 | 4) {
  const blocks = Math.ceil(inputs / blockSize)
  const middle = 2 ** (bits - 1)
  const quantised = new Uint8Array((outputs * blocks * blockSize * bits) / 8)
  const scales = new Float32Array(outputs * blocks)
  for (let block = 0; block < scales.length; block++) {
    const start = Math.floor(block / blocks) * inputs + (block % blocks) * blockSize
    const length = Math.min(blockSize, inputs - (block % blocks) * blockSize)
    let extreme = 0
    for (let i = start; i < start + length; i++)
      if (Math.abs(values[i] as number) > Math.abs(extreme)) extreme = values[i] as number
    // The extreme becomes the lowest level, of which there is one more than of the highest.
    const scale = -extreme / middle
    scales[block] = scale
    for (let i = 0; i < blockSize; i++) {
      const exact = i < length && scale !== 0 ? (values[start + i] as number) / scale : 0
      const level = Math.min(2 * middle - 1, Math.round(exact) + middle)
      const at = block * blockSize + i
      if (bits === 8) quantised[at] = level
      else quantised[at >> 1] = (quantised[at >> 1] as number) | (level << (4 * (at & 1)))
    }
  }
  return { values: quantised, scales }
}
