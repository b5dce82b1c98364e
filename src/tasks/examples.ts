import type { Pair } from '../domain/types.js'
import { randomFor } from '../statistics/random.js'
import type { GeneratedTask } from './task.js'

/** Different inputs of a generated task, always the same ones: what people are shown and what is checked of it. */
export function examplesOf(task: GeneratedTask, count: number): Pair[] {
  const random = randomFor({ task: task.id, purpose: 'show' })
  const pairs = new Map<string, Pair>()
  while (pairs.size < Math.min(count, task.size)) {
    const pair = task.generate(random)
    pairs.set(pair.input, pair)
  }
  return [...pairs.values()]
}
