import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import { canonicalJson, sha256 } from '../domain/identity.js'

/** Seeded randomness: every call of `below` gives the next uniform whole number in 0..bound-1. */
export interface RandomSource {
  below(bound: number): number
}

/** The generator for `key`: equal keys give equal draws, whatever was drawn before. */
export function randomFor(key: unknown): RandomSource {
  const digest = sha256(canonicalJson(key))
  const state = [0, 8, 16, 24].map((start) => Number.parseInt(digest.slice(start, start + 8), 16) | 0)
  const generator = xoroshiro128plusFromState(state)
  return { below: (bound) => uniformInt(generator, 0, bound - 1) }
}

/** A draw of the standard normal distribution, by Box and Muller. */
export function normal(random: RandomSource): number {
  const steps = 2 ** 30
  const u = (random.below(steps) + 1) / steps
  const v = random.below(steps) / steps
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)
}
