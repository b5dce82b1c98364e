import { z } from 'zod'
import { drawItems } from '../../tasks/sampling.js'
import type { BeyondPart } from '../beyond/part.js'
import { passesOf } from '../experiment.js'
import { hashOf, perTask, scoredUnit, testItemsOf } from '../task-units.js'
import { demonstrationSets as run } from './forward-passes.js'

const passes = passesOf('demonstrationSets', 'demonstration sets', run)

/** Sets in the pool per requested set, since those that contain the query are skipped. */
const spare = 2

/** θ averaged over n demonstration sets. */
export const demonstrationSets: BeyondPart<readonly number[]> = {
  /** The numbers n; empty: switched off. */
  setting: z
    .union([z.literal(false), z.array(z.int().min(1).max(500)).min(1)], {
      error: 'must be false or a list of whole numbers, 1 to 500',
    })
    .default([1, 2, 5, 10, 50])
    .transform((sets) => (sets === false ? [] : sets)),
  units: (sets, items, tasks) =>
    sets.length > 0 ? perTask('demonstration_sets', tasks, { items, sets }) : [],
  kinds: {
    demonstration_sets: scoredUnit(
      passes,
      ({ of, step }, { sets }: { readonly items: number; readonly sets: readonly number[] }) => {
        const { dev: pool } = drawItems(of.task, of.population(), {
          ...of.protocol,
          devItems: spare * Math.max(...sets),
          testItems: 0,
          baselineItems: 0,
        })
        const layer = of.bestLayer
        return { identity: { pool: hashOf(pool), sets, layer }, input: { ...step, pool, sets, layer } }
      },
      ({ items, sets }, { demonstrations }) => [
        ...testItemsOf('beyond')({ items }),
        {
          ...{ setting: 'beyond: demonstrationSets', split: 'dev' },
          ...{ items: spare * Math.max(...sets), demonstrations },
        },
      ],
    ),
  },
}
