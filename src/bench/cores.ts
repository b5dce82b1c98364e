import { execa } from 'execa'
import type { RunningEngine } from '../experiments/prompts.js'

/** Pins processes to cores; without taskset (Linux), nothing is pinned. */
export interface Pinning {
  /** Prefix of a command that keeps it on core 0. */
  readonly prefix: readonly string[]
  readonly pin: (pid: number, core: number) => Promise<void>
}

export async function pinning(): Promise<Pinning> {
  const { exitCode } = await execa('taskset', ['-c', '0', 'true'], { reject: false })
  if (exitCode !== 0) return { prefix: [], pin: async () => {} }
  return {
    prefix: ['taskset', '-c', '0'],
    pin: async (pid, core) => void (await execa('taskset', ['-a', '-cp', String(core), String(pid)])),
  }
}

/** One engine made of several: each takes a part of every request's items, as workers share a task's units. */
export function sharedBetween(engines: readonly RunningEngine[]): RunningEngine {
  const [first] = engines as [RunningEngine]
  return {
    encode: first.encode.bind(first),
    decode: first.decode.bind(first),
    decodeAll: first.decodeAll.bind(first),
    async evaluate({ thetas: _notMerged, ...request }) {
      const start = performance.now()
      const bounds = [...engines.keys(), engines.length].map((part) =>
        Math.floor((part * request.items.length) / engines.length),
      )
      const parts = await Promise.all(
        engines.map((engine, i) =>
          engine.evaluate({ ...request, items: request.items.slice(bounds[i], bounds[i + 1]) }),
        ),
      )
      return {
        patched: parts.flatMap(({ patched }) => patched),
        plain: parts.flatMap(({ plain }) => plain),
        flops: parts.reduce((sum, { flops = 0 }) => sum + flops, 0),
        seconds: (performance.now() - start) / 1000, // until the last is done
      }
    },
  }
}
