import { z } from 'zod'
import { parseBytes } from '../domain/bytes.js'
import { devices, numericsModes, processorRules } from '../domain/numerics.js'
import { labelRules, scorings, type ScoringRule } from '../domain/types.js'
import { vectorModes } from '../vectors/vector.js'
import { blankRules } from '../tasks/word-list-file.js'
import { duplicateRules } from '../tasks/duplicates.js'
import { parseRule } from '../tasks/scoring.js'
import { columns } from './columns-schema.js'
import { experimentsSchema } from './experiment-settings.js'
import { hasSplits, listSchema } from './list-sources.js'
import { promptsSchema } from '../prompt/template-schema.js'

/** The keys of a config file and their defaults (docs/protocol.md, Main experiment). Unknown keys are errors. */

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, ".", "_" and "-" only')
  .max(80)
const threshold = z.number().gt(0).max(1)
const scoring = z
  .union(
    [
      z.enum(scorings),
      z.strictObject({ f1: threshold }),
      z.strictObject({ chrf: threshold }),
      z.strictObject({ regex: z.string().min(1).max(1000) }),
    ],
    { error: `must be ${scorings.join(', ')}, {f1: 0.8}, {chrf: 0.8} or {regex: EXPRESSION}` },
  )
  .transform((given, context): ScoringRule => {
    const text = typeof given === 'string' ? given : Object.entries(given).flat().join(' ')
    const rule = parseRule(text)
    if (rule !== null) return rule
    context.addIssue(`not a regular expression: ${text.slice('regex '.length)}`)
    return z.NEVER
  })
const answer = z.strictObject({
  maxTokens: z.int().min(1).max(256),
  stop: z.array(z.string().min(1).max(100)).max(20).default(['\n']),
})
const count = z.int().min(1).max(100_000)
const layer = z.int().min(0).max(10_000)

/** A value or a list of them; each combination of such lists is a setting (axes.ts). */
function oneOrMore<T extends z.ZodType>(value: T, what: string) {
  return z.union([value.transform((one) => [one]), z.array(value).min(1).max(100)], { error: what })
}

const bytes = z
  .union([z.string(), z.number()], { error: 'must be a size such as 8GB or 1500MB' })
  .transform((size, context) => {
    const value = parseBytes(size)
    if (value !== null && value > 0) return value
    context.addIssue('must be a size such as 8GB or 1500MB')
    return z.NEVER
  })

/** A branch, a tag or a commit on Hugging Face. */
const revision = z.string().regex(/^\w[\w.-]*(\/[\w.-]+)*$/, 'must be a branch, a tag or a commit')

const model = z.union(
  [
    z.string().min(1),
    z
      .strictObject({
        id,
        path: z.string().min(1).optional(),
        /** A model repository on Hugging Face. */
        repo: z
          .string()
          .regex(/^[\w.-]+\/[\w.-]+$/, 'must be a repository on Hugging Face, owner/name')
          .optional(),
        /** Default: main. Several give one model each, named `id-revision`. */
        revision: z
          .union([revision, z.array(revision).min(1).max(1000)], {
            error: 'must be a branch, a tag or a commit, or a list of them, in quotes if it is a number',
          })
          .optional(),
      })
      .superRefine((value, context) => {
        if (value.path !== undefined && value.repo !== undefined)
          context.addIssue('takes only one of path and repo')
        if (value.revision !== undefined && value.repo === undefined)
          context.addIssue({ code: 'custom', path: ['revision'], message: 'needs a repo' })
      }),
  ],
  { error: 'must be a model id, {id, path} or {id, repo, revision}' },
)

/** Vectors to patch in instead of θ: a name in the library, or a file relative to the config. */
const theta = z.union(
  [
    z.string().min(1),
    z.strictObject({
      vector: z.string().min(1),
      /** Use the vector of this layer at every L. */
      layer: layer.optional(),
      scale: z.number().default(1),
      mode: z.enum(vectorModes).optional(),
    }),
  ],
  { error: 'must be a name in the library, a file, or {vector, layer, scale, mode}' },
)

const task = z.union(
  [
    z.string().min(1),
    z
      .strictObject({
        id,
        /** A file, one file per split, or a data set on the Hugging Face Hub. */
        list: listSchema.optional(),
        items: z.string().min(1).optional(),
        scoring: scoring.optional(),
        /** Columns or keys of a list that hold x and y. */
        columns: columns.optional(),
        /** How a list's repeated inputs are handled. */
        duplicates: z.enum(duplicateRules).optional(),
        /** How a list's entries with a blank input or answer are handled. */
        blanks: z.enum(blankRules).optional(),
        /** Category by which tasks are coloured and filtered. */
        category: id.optional(),
        /** Name in figures and tables of the report, instead of the id. */
        label: z
          .string()
          .trim()
          .min(1)
          .max(60)
          .regex(/^\P{Cc}*$/u, 'must be one line, without control characters')
          .optional(),
        /** Use the n most frequent pairs of a built-in word list. */
        top: count.optional(),
        theta: theta.optional(),
      })
      .superRefine((value, context) => {
        const given = [value.list, value.items, value.top].filter((key) => key !== undefined).length
        if (given > 1) context.addIssue('takes only one of list, items and top')
        if (value.scoring !== undefined && value.list === undefined && value.items === undefined)
          context.addIssue({
            code: 'custom',
            path: ['scoring'],
            message: 'a built-in task has a fixed scoring rule',
          })
        if (value.category !== undefined && value.list === undefined && value.items === undefined)
          context.addIssue({
            code: 'custom',
            path: ['category'],
            message: 'a built-in task has a fixed category',
          })
        for (const key of ['columns', 'duplicates', 'blanks'] as const)
          if (value[key] !== undefined && value.list === undefined)
            context.addIssue({ code: 'custom', path: [key], message: 'needs a list' })
        if (value.columns?.split !== undefined && value.list !== undefined && hasSplits(value.list))
          context.addIssue({
            code: 'custom',
            path: ['columns', 'split'],
            message: 'the list already has one source per split',
          })
      }),
  ],
  { error: 'must be a task id, {id, list, scoring}, {id, items, scoring} or {id, top}' },
)

export const configSchema = z.strictObject({
  name: id.optional(),
  seed: oneOrMore(z.int().min(0), 'must be a whole number, at least 0, or a list of them').optional(),
  /** Instead of `seed`. */
  seeds: oneOrMore(z.int().min(0), 'must be a list of whole numbers, at least 0').optional(),
  models: z.array(model).min(1),
  tasks: z.union([z.literal('all'), z.array(task).min(1)], { error: 'must be all or a list of tasks' }),
  experiments: experimentsSchema,
  demonstrations: oneOrMore(count, 'must be a whole number, at least 1, or a list of them').default([5]),
  dummyQueries: oneOrMore(count, 'must be a whole number, at least 1, or a list of them').default([2]),
  prompt: promptsSchema.optional(),
  /** Instead of `prompt`. */
  prompts: promptsSchema.optional(),
  /** Whether the outputs in S are true, shuffled or random. */
  demonstrationLabels: z
    .union([z.literal(true).transform(() => 'true' as const), z.enum(labelRules)], {
      error: 'must be true, shuffled or random',
    })
    .default('true'),
  /** The order of S: as drawn, or the seed of a further shuffle. */
  order: z
    .union([z.literal('drawn'), z.int().min(0)], { error: 'must be drawn, or the seed of a further shuffle' })
    .default('drawn'),
  dummyMayBeDemonstration: z.boolean().default(true),
  // Without a default: if these are not set, a file of explicit items is used whole.
  testItems: count.optional(),
  devItems: count.optional(),
  baselineItems: count.optional(),
  /** Generate answers of several tokens greedily; default: one token. */
  answer: answer.optional(),
  layers: z
    .union([z.literal('all'), z.array(layer).min(1), z.strictObject({ from: layer, to: layer })], {
      error: 'must be all, a list of layers or {from, to}',
    })
    .default('all'),
  layersPerActivity: z
    .union([z.literal('all'), z.int().min(1)], { error: 'must be all or a whole number, at least 1' })
    .default('all'),
  /** The θ to store: the mean at the best L, the mean at every L, or each test item's at every L. */
  storeThetas: z.enum(['best', 'all', 'each']).default('best'),
  /** Number of failed tasks and further experiments after which the sweep stops. */
  maxFailures: count.optional(),
  /** f32, or an approximate mode (docs/numerics.md). */
  numerics: oneOrMore(
    z.enum(numericsModes),
    `must be one of ${numericsModes.join(', ')}, or a list of them`,
  ).default(['f32']),
  device: z.enum(devices).default('cpu'),
  /** Whether kinds of processors may mix within a sweep; their last bits differ. */
  processors: z.enum(processorRules).default('same'),
  /** Memory of all engine processes together; not part of the sweep's identity. */
  memoryLimit: bytes.optional(),
})

export type ConfigFile = z.infer<typeof configSchema>
export type TaskEntry = Exclude<ConfigFile['tasks'], 'all'>[number]
