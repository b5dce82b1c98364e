import type { Item } from '../domain/types.js'
import { randomFor } from '../statistics/random.js'

/**
 * Items whose demonstrations' outputs are in random order (Todd et al. 2023, section 2.3): the prompt keeps its form and its words
 * but no longer shows the task. Item i depends on (seed, task, i) only; an output may keep its place.
 */
export function withShuffledLabels(items: readonly Item[], seed: number, task: string): Item[] {
  return items.map((item, index) => {
    const random = randomFor({ purpose: 'shuffled labels', seed, task, index })
    const outputs = item.demonstrations.map(({ output }) => output)
    for (let i = outputs.length - 1; i > 0; i--) {
      const j = random.below(i + 1)
      ;[outputs[i], outputs[j]] = [outputs[j] as string, outputs[i] as string]
    }
    return {
      ...item,
      demonstrations: item.demonstrations.map(({ input }, i) => ({ input, output: outputs[i] as string })),
    }
  })
}
