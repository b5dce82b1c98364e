import { z } from 'zod'
import { allLayers } from '../../domain/layers.js'
import type { BeyondPart } from '../beyond/part.js'
import { perTask, scoredUnit } from '../task-units.js'
import { layerTransfer as run } from './forward-passes.js'

/** θ taken at one layer and patched in at another. */
export const layerTransfer: BeyondPart<{ readonly every: number } | null> = {
  /** The stride of source and target layers; null: switched off. */
  setting: z
    .union([z.boolean(), z.strictObject({ every: z.int().min(1).max(1000) })], {
      error: 'must be true, false or {every}',
    })
    .default(true)
    .transform((given) => (given === true ? { every: 1 } : given === false ? null : given)),
  units: (setting, items, tasks) => (setting ? perTask('layer_transfer', tasks, { items, ...setting }) : []),
  kinds: {
    layer_transfer: scoredUnit(
      { activity: 'layerTransfer', label: 'layer transfer', run },
      ({ of, step }, { every }: { readonly items: number; readonly every: number }) => {
        const layers = allLayers(of.blocks).filter((layer) => layer % every === 0)
        return { identity: { layers }, input: { ...step, layers } }
      },
    ),
  },
}
