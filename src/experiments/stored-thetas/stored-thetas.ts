import { z } from 'zod'
import { allLayers } from '../../domain/layers.js'
import { thetas } from '../../store/schema/units.js'
import type { Experiment, UnitKind } from '../experiment.js'
import { commonIdentity, perTask } from '../task-units.js'
import { nextThetas, thetaPasses } from '../theta-units.js'
import { thetaParts } from '../thetas.js'

const settings = z.strictObject({ items: z.enum(['mean', 'each']).default('mean') })

type Settings = z.output<typeof settings>

/** θ of the main experiment's test items at every L, a part at a time. */
function kind(activity: string, label: string, which: 'mean' | 'each'): UnitKind {
  const passes = thetaPasses(activity, label, which)
  return {
    passes: [passes],
    table: thetas,
    hands: (_, { testItems }) =>
      which === 'mean'
        ? [{ setting: 'testItems (with storeThetas: all)', split: 'test', items: testItems }]
        : [],
    plan({ place, task }) {
      const of = task(place.task)
      const items = of.items('test')
      const parts = thetaParts(allLayers(of.blocks), which === 'mean' ? items.slice(0, 1) : items, of.dModel)
      return {
        identity: {
          ...commonIdentity(of),
          items: of.itemsHash.test,
          parts: parts.map(({ layers, end }) => [layers.length, end]),
        },
        modelHash: of.modelHash,
        next: (stored) =>
          nextThetas(stored, of, passes, parts, ({ first, end }) =>
            which === 'mean' ? items : items.slice(first, end),
          ),
      }
    },
  }
}

/**
 * What `storeThetas: all | each` in a config stores besides the mean θ at the best L: the mean θ over the test items at every L (its
 * `item` is 0), or θ of each item. `vectors export` reads them.
 */
export const storedThetas: Experiment<Settings> = {
  name: 'thetas',
  settings,
  units: ({ items }, tasks) => perTask(items === 'mean' ? 'mean_thetas' : 'item_thetas', tasks, {}),
  kinds: {
    mean_thetas: kind('meanThetas', 'θ at every L', 'mean'),
    item_thetas: kind('itemThetas', 'θ of each item', 'each'),
  },
}
