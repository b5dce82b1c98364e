import { hostname } from 'node:os'
import type { Timing } from '../src/domain/unit-place.js'

/** A step's result with the seconds it took and where it ran. */
export async function timed<Result extends object>(work: () => Promise<Result>): Promise<Result & Timing> {
  const started = performance.now()
  const result = await work()
  const seconds = (performance.now() - started) / 1000
  return { ...result, seconds, computedBy: `${hostname()} ${process.pid}` }
}
