import { z } from 'zod'
import type { BeyondPart } from '../beyond/part.js'
import { perTask, scoredUnit } from '../task-units.js'
import { addition as run } from './forward-passes.js'

/** θ added instead of patched in, at every L. */
export const addition: BeyondPart<boolean> = {
  setting: z.boolean().default(true),
  units: (on, items, tasks) => (on ? perTask('addition', tasks, { items }) : []),
  kinds: {
    addition: scoredUnit({ activity: 'addition', label: 'addition', run }, ({ step }) => ({
      identity: {},
      input: step,
    })),
  },
}
