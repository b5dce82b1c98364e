import type { Vector } from './vector.js'

/** A safetensors file of F32 vectors with string metadata in `__metadata__`. Deterministic. */
export function safetensorsBytes(
  vectors: readonly Pick<Vector, 'name' | 'values'>[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  let end = 0
  const entries = vectors.map(({ name, values }) => {
    const begin = end
    end += values.byteLength
    return [name, { dtype: 'F32', shape: [values.length], data_offsets: [begin, end] }]
  })
  const header = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) })
  // Padded with spaces to a multiple of 8 bytes, as by the reference implementation.
  const json = Buffer.from(header + ' '.repeat((8 - (Buffer.byteLength(header) % 8)) % 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, ...vectors.map(({ values }) => bytesOf(values))])
}

export function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength)
}
