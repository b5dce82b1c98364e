import { meansOverTasks } from '../task-means.js'
import type { mediationView } from './tables.js'

export type MediationRow = Omit<typeof mediationView.$inferSelect, 'sweep'>

export interface AverageEffect {
  readonly component: string
  readonly layer: number
  readonly head: number | null
  readonly effect: number
  /** Bootstrap over tasks, 95 %. */
  readonly low: number
  readonly high: number
  readonly tasks: number
}

/** Mean over a model's tasks of each component's effect, all tasks weighted equally. */
export function averageEffects(
  rows: readonly Pick<MediationRow, 'task' | 'component' | 'layer' | 'head' | 'effect'>[],
): AverageEffect[] {
  return meansOverTasks(rows, {
    cell: ({ component, layer, head }) => `${component} ${layer} ${head}`,
    of: ({ effect }) => effect,
  }).map(({ row: { component, layer, head }, mean, low, high, tasks }) => ({
    ...{ component, layer, head },
    ...{ effect: mean, low, high, tasks },
  }))
}
