/** Slopes of ALiBi (arXiv 2108.12409) by head. */

/** As in BLOOM and Falcon, computed in f32 like transformers. */
export function alibiSlopes(heads: number): number[] {
  const whole = 2 ** Math.floor(Math.log2(heads))
  const powers = (of: number, exponents: readonly number[]) => {
    const base = f32(2 ** -(2 ** -(Math.log2(of) - 3)))
    return exponents.map((exponent) => f32(base ** exponent))
  }
  const upTo = (count: number, step: number) => Array.from({ length: count }, (_, i) => 1 + step * i)
  const further = Math.min(whole, heads - whole)
  return [...powers(whole, upTo(whole, 1)), ...powers(2 * whole, upTo(further, 2))]
}

/** As in MPT: if the number of heads is no power of 2, every second slope of the next power comes first. */
export function mptSlopes(heads: number): number[] {
  const whole = 2 ** Math.ceil(Math.log2(heads))
  const slopes = Array.from({ length: whole }, (_, i) => f32(2 ** -((i + 1) * (8 / whole))))
  if (whole === heads) return slopes
  const every = (first: number) => slopes.filter((_, i) => i % 2 === first)
  return [...every(1), ...every(0)].slice(0, heads)
}

const f32 = Math.fround
