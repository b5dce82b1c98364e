import { z } from 'zod'
import type { FurtherExperiment } from '../domain/experiments.js'

/**
 * `experiments` of a config: a list of names, each alone or as `name: {settings}`. Defaults are those of docs/protocol.md; those beyond
 * the paper are described in docs/experiments.md.
 */

const count = z.int().min(1).max(100_000)
const layer = z.int().min(0).max(10_000)
const taskId = z.string().min(1).max(80)

const robustness = z.strictObject({
  demonstrations: count.default(4),
  thetas: z.int().min(2).max(1000).default(50),
  devItems: count.default(50),
  layers: z.strictObject({ from: layer, to: layer }).optional(),
})

const paperPairs: [string, string][] = [
  ['algorithmic_next_letter', 'algorithmic_to_upper'],
  ['algorithmic_list_last', 'algorithmic_list_first'],
  ['algorithmic_prev_letter', 'algorithmic_next_letter'],
  ['linguistic_present_simple_past_simple', 'linguistic_present_simple_gerund'],
  ['translation_en_es', 'translation_en_fr'],
]

const conflicting = z.strictObject({
  pairs: z
    .array(z.tuple([taskId, taskId]))
    .min(1)
    .default(paperPairs),
  demonstrations: count.default(4),
  items: z.int().min(1).max(1000).default(100),
})

const projection = z.strictObject({ top: z.int().min(1).max(1000).default(100) })

const template = z
  .string()
  .max(200)
  .refine((text) => text.split('{x}').length === 2, 'must hold {x} once, where the query stands')

const beyond = z.strictObject({
  items: count.default(50),
  demonstrationSets: z
    .union([z.literal(false), z.array(z.int().min(1).max(500)).min(1)], {
      error: 'must be false or a list of whole numbers, 1 to 500',
    })
    .default([1, 2, 5, 10, 50]),
  multiContext: z.boolean().default(true),
  layerTransfer: z
    .union([z.boolean(), z.strictObject({ every: z.int().min(1).max(1000) })], {
      error: 'must be true, false or {every}',
    })
    .default(true),
  templateTransfer: z
    .union([z.boolean(), z.array(template).min(1)], { error: 'must be true, false or a list of templates' })
    .default(true),
  addition: z.boolean().default(true),
  decodability: z
    .union([z.boolean(), z.strictObject({ thetas: z.int().min(2).max(1000) })], {
      error: 'must be true, false or {thetas}',
    })
    .default(true),
})

const name = z.enum(['main', 'robustness', 'conflicting', 'projection', 'beyond'])
/** Settings that stand at their defaults. */
const settings = z.strictObject({
  robustness: robustness.optional(),
  conflicting: conflicting.optional(),
  projection: projection.optional(),
  beyond: beyond.optional(),
})

export const experimentsSchema = z
  .array(
    z.union([name, settings.refine((entry) => Object.keys(entry).length === 1, 'must hold one experiment')], {
      error: 'must be main, robustness, conflicting, projection or beyond, alone or with settings',
    }),
  )
  .min(1)
  .default(['main'])

type Entry = z.infer<typeof experimentsSchema>[number]

export function experimentName(entry: Entry): string {
  return typeof entry === 'string' ? entry : (Object.keys(entry)[0] ?? '')
}

/** With defaults filled in. */
export function resolveExperiment(entry: Entry): 'main' | FurtherExperiment {
  const given = typeof entry === 'string' ? {} : entry
  switch (experimentName(entry)) {
    case 'robustness': {
      const { layers = null, ...rest } = given.robustness ?? robustness.parse({})
      return { experiment: 'robustness', ...rest, layers }
    }
    case 'conflicting':
      return { experiment: 'conflicting', ...(given.conflicting ?? conflicting.parse({})) }
    case 'projection':
      return { experiment: 'projection', ...(given.projection ?? projection.parse({})) }
    case 'beyond':
      return resolveBeyond(given.beyond ?? beyond.parse({}))
    default:
      return 'main'
  }
}

const defaultTemplates = ['{x}->', 'Q:{x} A:', 'input:{x} output:']
const defaultThetas = 20

function resolveBeyond(given: z.infer<typeof beyond>): FurtherExperiment {
  const { layerTransfer, templateTransfer, decodability } = given
  return {
    experiment: 'beyond',
    items: given.items,
    demonstrationSets: given.demonstrationSets === false ? [] : given.demonstrationSets,
    multiContext: given.multiContext,
    layerTransfer: layerTransfer === true ? { every: 1 } : layerTransfer === false ? null : layerTransfer,
    templateTransfer:
      templateTransfer === true ? defaultTemplates : templateTransfer === false ? [] : templateTransfer,
    addition: given.addition,
    decodability:
      decodability === true ? { thetas: defaultThetas } : decodability === false ? null : decodability,
  }
}
