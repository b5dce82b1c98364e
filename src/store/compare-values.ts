/** Log-probabilities and other numbers of two processors count as equal up to this difference. */
const tolerance = 1e-4
/** The same for vectors, relative to their largest value. */
const vectorTolerance = 1e-3

/** How two stored values of one key differ. Blobs are vectors, f32 little-endian. */
export function difference(a: unknown, b: unknown): 'none' | 'rounding' | 'value' {
  if (a === b) return 'none'
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= tolerance ? 'rounding' : 'value'
  if (!Buffer.isBuffer(a) || !Buffer.isBuffer(b)) return 'value'
  if (a.equals(b)) return 'none'
  if (a.length !== b.length || a.length % 4 !== 0) return 'value'
  const [x, y] = [a, b].map((bytes) => new Float32Array(new Uint8Array(bytes).buffer)) as [
    Float32Array,
    Float32Array,
  ]
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return x.every((value, i) => Math.abs(value - (y[i] as number)) <= vectorTolerance * largest)
    ? 'rounding'
    : 'value'
}

/** A value in a message. */
export function shown(value: unknown): string {
  if (Buffer.isBuffer(value)) return `${value.length} bytes`
  const text = String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
