import { z } from 'zod'
import type { Item, PromptFormat, PromptTemplate } from '../../domain/types.js'
import { writesSpace } from '../../prompt/format.js'
import { formatOf, promptName } from '../../prompt/templates.js'
import { templateSchema } from '../../prompt/template-schema.js'
import { drawItems } from '../../tasks/sampling.js'
import type { FinishedTask } from '../experiment.js'

/** Settings that θ is taken from, other than that of the queries. */

const exported = 'export θ of a sweep with it, and give it to a task as theta (docs/experiments.md, Transfer)'

export const fromSchema = z
  .strictObject({
    demonstrations: z.int().min(1).max(1000).optional(),
    prompt: templateSchema.optional(),
    seed: z.int().min(0).optional(),
    numerics: z.never({ error: `a model computes only in the sweep's numerics: ${exported}` }).optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    message: 'must contain demonstrations, prompt or seed',
  })
  .refine(({ prompt }) => prompt === undefined || !('chat' in prompt), {
    message: `cannot be a chat template, whose text is only in the model's own files: ${exported}`,
  })

export interface From {
  readonly demonstrations?: number | undefined
  readonly prompt?: PromptTemplate | undefined
  readonly seed?: number | undefined
}

/** `k10-qa-s42`: what differs from the sweep's own setting. */
export function fromName({ demonstrations, prompt, seed }: From): string {
  return [
    ...(demonstrations === undefined ? [] : [`k${demonstrations}`]),
    ...(prompt === undefined ? [] : [promptName(prompt)]),
    ...(seed === undefined ? [] : [`s${seed}`]),
  ].join('-')
}

/**
 * Items that give a task's θ in another setting: with another k or seed, newly drawn; in another prompt, the same words except for a leading
 * space that the template writes. Errors: TASK for explicit items, since none can be drawn.
 */
export function itemsFrom(of: FinishedTask, { demonstrations, prompt, seed }: From, count: number): Item[] {
  const { protocol } = of
  const drawn =
    demonstrations === undefined && seed === undefined
      ? of.items('test', count)
      : drawItems(of.task, of.population(), {
          ...protocol,
          demonstrations: demonstrations ?? protocol.demonstrations,
          seed: seed ?? protocol.seed,
          ...{ testItems: count, devItems: 0, baselineItems: 0 },
        }).test
  return prompt === undefined ? [...drawn] : drawn.map((item) => written(item, formatOf(prompt)))
}

function written({ prompt: _, ...item }: Item, format: PromptFormat | undefined): Item {
  const word = (text: string) => (writesSpace(format) ? text.replace(/^ /, '') : text)
  return {
    ...item,
    demonstrations: item.demonstrations.map(({ input, output }) => ({
      input: word(input),
      output: word(output),
    })),
    query: word(item.query),
    answer: word(item.answer),
    dummyQueries: item.dummyQueries.map(word),
    ...(format ? { prompt: format } : {}),
  }
}
