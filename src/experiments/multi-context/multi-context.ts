import { z } from 'zod'
import type { BeyondPart } from '../beyond/part.js'
import { perTask, scoredUnit } from '../task-units.js'
import { multiContext as run } from './forward-passes.js'

/** θ of other items' prompts, at every L. */
export const multiContext: BeyondPart<boolean> = {
  setting: z.boolean().default(true),
  units: (on, items, tasks) => (on ? perTask('multi_context', tasks, { items }) : []),
  kinds: {
    multi_context: scoredUnit({ activity: 'multiContext', label: 'multi-context', run }, ({ step }) => ({
      identity: {},
      input: step,
    })),
  },
}
