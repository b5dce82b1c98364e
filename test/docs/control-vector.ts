import { ggufBytes, string } from '../weights/file-bytes.js'

/** A control vector as repeng and llama.cpp write it: a direction for each of these blocks. */
export function controlVector(width: number, blocks: readonly number[]): Uint8Array {
  const values = Float32Array.from({ length: width * blocks.length }, (_, i) => Math.sin(i + 1))
  return ggufBytes({
    metadata: [['general.architecture', string('controlvector')]],
    tensors: blocks.map((block, i) => ({
      name: `direction.${block}`,
      dims: [width],
      type: 0,
      offset: i * width * 4,
    })),
    data: new Uint8Array(values.buffer),
  })
}
