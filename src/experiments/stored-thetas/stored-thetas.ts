import { z } from 'zod'
import { allLayers } from '../../domain/layers.js'
import { thetas } from '../../store/schema/units.js'
import { passesStep, type Experiment, type ForwardPasses, type UnitKind } from '../experiment.js'
import { commonIdentity, perTask, taskStep } from '../task-units.js'
import { missingPart, thetaParts, thetaRows, type Thetas } from '../thetas.js'
import { itemThetas, meanThetasOf, type StoredThetasStep } from './forward-passes.js'

const settings = z.strictObject({ items: z.enum(['mean', 'each']).default('mean') })

type Settings = z.output<typeof settings>

/** θ of the main experiment's test items at every L, a part at a time. */
function kind(passes: ForwardPasses<StoredThetasStep, Thetas>, vectors: (items: number) => number): UnitKind {
  return {
    passes: [passes],
    table: thetas,
    plan({ place, task }) {
      const of = task(place.task)
      const items = of.items('test')
      const parts = thetaParts(allLayers(of.blocks), vectors(items.length), of.dModel)
      return {
        identity: {
          ...commonIdentity(of),
          items: of.itemsHash.test,
          parts: parts.map(({ layers, end }) => [layers.length, end]),
        },
        modelHash: of.modelHash,
        next(stored) {
          const part = missingPart(stored, parts)
          if (!part) return null
          const { layers, first, end } = part
          const own = vectors(items.length) === 1 ? items : items.slice(first, end)
          const input = { ...taskStep(of, own), layers, firstItem: first }
          return passesStep(`thetas ${layers[0] ?? 0} ${first}`, passes, input, (found) =>
            thetaRows(found, of.dModel),
          )
        },
      }
    },
  }
}

/**
 * What `storeThetas: all | each` in a config stores beside the mean θ at the best L: the mean θ over the test items at every L (its
 * `item` is 0), or that of each item. `vectors export` reads them.
 */
export const storedThetas: Experiment<Settings> = {
  name: 'thetas',
  settings,
  units: ({ items }, tasks) => perTask(items === 'mean' ? 'mean_thetas' : 'item_thetas', tasks, {}),
  kinds: {
    mean_thetas: kind({ activity: 'meanThetas', label: 'θ at every L', run: meanThetasOf }, () => 1),
    item_thetas: kind({ activity: 'itemThetas', label: 'θ of each item', run: itemThetas }, (items) => items),
  },
}
