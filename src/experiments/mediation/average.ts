import { groupBy } from '../../figures/paper-rules.js'
import { bootstrapMeans } from '../../statistics/bootstrap.js'
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

/** Mean over a model's tasks of each component's effect, the tasks counting alike. */
export function averageEffects(
  rows: readonly Pick<MediationRow, 'task' | 'component' | 'layer' | 'head' | 'effect'>[],
): AverageEffect[] {
  const cells = groupBy(rows, ({ component, layer, head }) => `${component} ${layer} ${head}`)
  // Tasks that were given other components have no such cell: each set of tasks is resampled by itself.
  return groupBy(cells, ([, of]) => of.map(({ task }) => task).join('\n')).flatMap(([, alike]) => {
    const tasks = alike[0]?.[1].length ?? 0
    const byTask = Array.from({ length: tasks }, (_, task) => alike.map(([, of]) => of[task]?.effect ?? 0))
    return bootstrapMeans(byTask, { seed: 0 }).map(({ mean, low, high }, i) => {
      const { component, layer, head } = alike[i]?.[1][0] as (typeof rows)[number]
      return { component, layer, head, effect: mean, low, high, tasks }
    })
  })
}
