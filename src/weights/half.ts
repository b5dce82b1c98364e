/** Half-precision floats to f32. Exact: every f16 and bf16 value is an f32 value. */

/** f16 bit pattern -> value, for all 65,536 patterns: a look-up is several times faster than the arithmetic. */
const halfTable = Float32Array.from({ length: 65536 }, (_, bits) => decodeHalf(bits))

export function halfToFloat(bits: number): number {
  return halfTable[bits] ?? NaN
}

export function halvesToFloats(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = halfTable[bits[i] as number] as number
  return out
}

/** bf16 is the upper half of an f32. */
export function bfloatsToFloats(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = (bits[i] as number) << 16
  return new Float32Array(out.buffer)
}

function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
