import type { ModelInfo } from '../../domain/types.js'
import type { functionVectorGeometry } from './tables.js'

/** How a function vector relates to θ after block `layer`. */
export type Geometry = Omit<typeof functionVectorGeometry.$inferSelect, 'runId' | 'taskId'>

/** @param thetas `[items, blocks, d_model]`, of which the mean over the items is taken; `outputs`: what the heads add to `vector`. */
export function geometry(
  thetas: Float32Array,
  vector: Float32Array,
  outputs: readonly Float32Array[],
  { blocks, dModel }: Pick<ModelInfo, 'blocks' | 'dModel'>,
): Geometry[] {
  const basis = orthonormal(outputs)
  const items = thetas.length / (blocks * dModel)
  return Array.from({ length: blocks }, (_, layer) => {
    const theta = Float64Array.from({ length: dModel }, (_, i) => {
      let sum = 0
      for (let item = 0; item < items; item++) sum += thetas[(item * blocks + layer) * dModel + i] as number
      return sum / items
    })
    const [ofTheta, ofVector] = [Math.sqrt(dot(theta, theta)), Math.sqrt(dot(vector, vector))]
    const inside = basis.reduce((sum, direction) => sum + dot(direction, theta) ** 2, 0)
    return {
      layer,
      cosine: ofTheta * ofVector === 0 ? 0 : dot(theta, vector) / (ofTheta * ofVector),
      normFunctionVector: ofVector,
      normTheta: ofTheta,
      inSpan: ofTheta === 0 ? 0 : inside / ofTheta ** 2,
      inRandomSpan: basis.length / dModel,
    }
  })
}

/** Gram-Schmidt, twice; linearly dependent vectors are dropped. */
export function orthonormal(vectors: readonly Float32Array[]): Float64Array[] {
  const basis: Float64Array[] = []
  for (const vector of vectors) {
    const rest = Float64Array.from(vector)
    const size = Math.sqrt(dot(rest, rest))
    for (let pass = 0; pass < 2; pass++)
      for (const direction of basis) {
        const along = dot(rest, direction)
        for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] as number) - along * (direction[i] as number)
      }
    const left = Math.sqrt(dot(rest, rest))
    if (left > 1e-6 * size) basis.push(rest.map((value) => value / left))
  }
  return basis
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}
