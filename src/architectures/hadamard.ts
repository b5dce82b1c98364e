/** Every `size` neighbours times Hadamard's orthogonal matrix of that size, a power of 2 (Sylvester's order, symmetric). */
export function turn(values: Float32Array, size: number): Float32Array {
  const turned = values.slice()
  for (let half = 1; half < size; half *= 2)
    for (let i = 0; i < turned.length; i++) {
      if (i & half) continue
      const [a, b] = [turned[i] as number, turned[i + half] as number]
      turned[i] = a + b
      turned[i + half] = a - b
    }
  const scale = 1 / Math.sqrt(size)
  return turned.map((value) => scale * value)
}

/** The matrix itself, `[size, size]`. */
export function hadamard(size: number): Float32Array {
  const identity = new Float32Array(size * size)
  for (let i = 0; i < size; i++) identity[i * size + i] = 1
  return turn(identity, size)
}
