/** Every `size` neighbours times Hadamard's orthogonal matrix of that size, a power of 2 (Sylvester's order, symmetric). */
export function rotate(values: Float32Array, size: number): Float32Array {
  const rotated = values.slice()
  for (let half = 1; half < size; half *= 2)
    for (let i = 0; i < rotated.length; i++) {
      if (i & half) continue
      const [a, b] = [rotated[i] as number, rotated[i + half] as number]
      rotated[i] = a + b
      rotated[i + half] = a - b
    }
  const scale = 1 / Math.sqrt(size)
  return rotated.map((value) => scale * value)
}

/** The matrix itself, `[size, size]`. */
export function hadamard(size: number): Float32Array {
  const identity = new Float32Array(size * size)
  for (let i = 0; i < size; i++) identity[i * size + i] = 1
  return rotate(identity, size)
}
