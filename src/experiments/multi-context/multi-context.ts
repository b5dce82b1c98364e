import { z } from 'zod'
import { TaskvecError } from '../../domain/errors.js'
import type { BeyondPart } from '../beyond/part.js'
import { perTask, scoredUnit } from '../task-units.js'
import { multiContext as run, othersOf } from './forward-passes.js'

/** θ of other items' prompts, at every L. */
export const multiContext: BeyondPart<boolean> = {
  setting: z.boolean().default(true),
  units: (on, items, tasks) => (on ? perTask('multi_context', tasks, { items }) : []),
  kinds: {
    multi_context: scoredUnit({ activity: 'multiContext', label: 'multi-context', run }, ({ step }) => {
      const { items } = step
      if (!items.some((item) => othersOf(item, items).length > 0))
        throw new TaskvecError(
          'TASK',
          `the query of each of ${items.length} items occurs in the prompts of all others`,
        )
      return { identity: {}, input: step }
    }),
  },
}
