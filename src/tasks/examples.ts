import type { Pair } from '../domain/types.js'
import { randomFor } from '../statistics/random.js'
import type { GeneratedTask } from './task.js'

/** A fixed set of distinct inputs of a generated task, for display and checks. */
export function examplesOf(task: GeneratedTask, count: number): Pair[] {
  const random = randomFor({ task: task.id, purpose: 'show' })
  const pairs = new Map<string, Pair>()
  while (pairs.size < Math.min(count, task.size)) {
    const pair = task.generate(random)
    pairs.set(pair.input, pair)
  }
  return [...pairs.values()]
}
