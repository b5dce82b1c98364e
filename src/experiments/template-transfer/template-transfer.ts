import { z } from 'zod'
import type { BeyondPart } from '../beyond/part.js'
import { perTask, scoredUnit } from '../task-units.js'
import { templateTransfer as run } from './forward-passes.js'

const template = z
  .string()
  .max(200)
  .refine((text) => text.split('{x}').length === 2, 'must contain {x} once, in place of the query')
const defaultTemplates: string[] = ['{x}->', 'Q:{x} A:', 'input:{x} output:']

/** θ patched into a query in another template. */
export const templateTransfer: BeyondPart<readonly string[]> = {
  /** Prompts with the query alone, as {x}; empty: switched off. */
  setting: z
    .union([z.boolean(), z.array(template).min(1)], { error: 'must be true, false or a list of templates' })
    .default(true)
    .transform((given) => (given === true ? defaultTemplates : given === false ? [] : given)),
  units: (templates, items, tasks) =>
    templates.length > 0 ? perTask('template_transfer', tasks, { items, templates }) : [],
  kinds: {
    template_transfer: scoredUnit(
      { activity: 'templateTransfer', label: 'template transfer', run },
      ({ of, step }, { templates }: { readonly items: number; readonly templates: readonly string[] }) => {
        const layer = of.bestLayer
        return { identity: { templates, layer }, input: { ...step, templates, layer } }
      },
    ),
  },
}
