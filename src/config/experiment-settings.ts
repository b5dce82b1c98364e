import { z } from 'zod'
import type { ChosenExperiment } from '../domain/unit-place.js'
import { experiments } from '../experiments/catalog.js'

/** `experiments` of a config: a list of names or `name: {settings}`. */

const names = experiments.map(({ name }) => name)
const settings = z.strictObject(
  Object.fromEntries(
    experiments.flatMap(({ name, settings }) => (settings ? [[name, settings.optional()]] : [])),
  ),
)

export const experimentsSchema = z
  .array(
    z.union(
      [
        z.enum(names),
        settings.refine((entry) => Object.keys(entry).length === 1, 'must name one experiment'),
      ],
      {
        error: `must be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}, alone or with settings`,
      },
    ),
  )
  .min(1)
  .default(['main'])

type Entry = z.output<typeof experimentsSchema>[number]

export function experimentName(entry: Entry): string {
  return typeof entry === 'string' ? entry : (Object.keys(entry)[0] ?? '')
}

/** An experiment with its settings, defaults filled in. */
export function resolveExperiment(entry: Entry): 'main' | ChosenExperiment {
  const name = experimentName(entry)
  const found = experiments.find((each) => each.name === name)
  if (!found?.settings) return 'main'
  const given = typeof entry === 'string' ? found.settings.parse({}) : entry[name]
  return { experiment: name, ...(given as object) }
}
