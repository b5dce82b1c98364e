/**
 * Cosine distances 1 - cos(a, b) between all pairs, `[n, n]`, symmetric with a zero diagonal. `vectors` is `[n, dims]`. A
 * vector of zeros has no direction: its distance to any other is 1, as in scikit-learn.
 */
export function cosineDistances(vectors: Float32Array, n: number, dims: number): Float64Array {
  const norms = Float64Array.from({ length: n }, (_, i) => Math.sqrt(dot(vectors, i, i, dims)) || 1)
  const distances = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const cosine = dot(vectors, i, j, dims) / ((norms[i] as number) * (norms[j] as number))
      // Rounding can exceed 0..2 by a last bit.
      distances[i * n + j] = distances[j * n + i] = Math.min(2, Math.max(0, 1 - cosine))
    }
  }
  return distances
}

/** Dot product of rows i and j of `[n, dims]`, in f64. */
export function dot(vectors: Float32Array, i: number, j: number, dims: number): number {
  let sum = 0
  for (let a = i * dims, b = j * dims, end = a + dims; a < end; a++, b++)
    sum += (vectors[a] as number) * (vectors[b] as number)
  return sum
}
