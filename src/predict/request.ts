import { z } from 'zod'
import { templateSchema } from '../prompt/template-schema.js'
import { vectorModes } from '../vectors/vector.js'

/** One question to a loaded model: `taskvec predict`'s options, and what `taskvec serve --predict` takes as JSON (docs/api.md). */

const mostTokens = 100_000
const tokens = z.array(z.int().min(0)).min(1).max(mostTokens)

const vector = z
  .strictObject({
    /** A name of the library; on a command line also a file. `NAME#PART` picks vectors by a part of their names. */
    vector: z.string().min(1).max(4000).optional(),
    /** The vector itself. */
    values: z.array(z.number()).min(1).max(1_000_000).optional(),
    /** Of a file with several layers: this one; of a single vector: where it is patched in. */
    layer: z.int().min(0).optional(),
    scale: z.number().default(1),
    mode: z.enum(vectorModes).optional(),
    /** At the prompt's last token, or at every token, as control vectors are. */
    positions: z.enum(['last', 'all']).default('last'),
  })
  .refine((given) => (given.vector === undefined) !== (given.values === undefined), {
    error: 'takes either vector, a name, or values, numbers',
  })

/** x -> y, with further accepted answers behind y or none. */
const pair = z
  .union(
    [
      z.tuple([z.string().min(1), z.string().min(1)]),
      z.strictObject({ input: z.string().min(1), output: z.string().min(1) }),
    ],
    { error: 'must be [x, y] or {input, output}' },
  )
  .transform((given) => (Array.isArray(given) ? { input: given[0], output: given[1] } : given))

/** A name, or a template of the asker's own, which needs no name. */
const template = z.preprocess(
  (given) =>
    typeof given === 'object' && given !== null && !('id' in given) ? { id: 'own', ...given } : given,
  templateSchema,
)

export const predictRequest = z
  .strictObject({
    /** Exactly as given. */
    prompt: z.string().min(1).max(1_000_000).optional(),
    tokenIds: tokens.optional(),
    /** x: answered by θ with `task`, `list` or `dummyQueries`, else put into [x, ->], or [S, x, ->] with demonstrations. */
    query: z.string().min(1).max(10_000).optional(),
    task: z.string().min(1).max(200).optional(),
    /** Pairs of the asker's own, in place of a task. */
    list: z.array(pair).min(1).max(100_000).optional(),
    /** How prompts of `query` are written; default: the paper's arrow. */
    template: template.optional(),
    /** k of `task` and `list`, drawn by the seed; or S itself. */
    demonstrations: z
      .union([z.int().min(1).max(1000), z.array(pair).min(1).max(1000)], {
        error: 'must be a number of demonstrations, or a list of [x, y]',
      })
      .optional(),
    /** x' of S as it is given: θ is their mean, and answers the query. */
    dummyQueries: z.array(z.string().min(1).max(10_000)).min(1).max(100).optional(),
    vectors: z.array(vector).max(100).default([]),
    /** Of θ: patch it in after this block only; default: every one. */
    layer: z.int().min(0).optional(),
    seed: z.int().min(0).default(41),
    top: z.int().min(1).max(1000).default(10),
    /** All logits of the last token instead. */
    logits: z.boolean().default(false),
    maxTokens: z.int().min(1).max(1000).default(1),
    stop: z.array(z.string().min(1).max(100)).max(10).default([]),
  })
  .superRefine((request, context) => {
    const { prompt, tokenIds, query, task, list, dummyQueries, demonstrations, vectors } = request
    const given = [prompt, tokenIds, task ?? query].filter((each) => each !== undefined).length
    if (given !== 1) context.addIssue(`takes exactly one of prompt, tokenIds and query; ${given} given`)
    for (const key of ['task', 'list', 'dummyQueries', 'template', 'demonstrations'] as const)
      if (request[key] !== undefined && query === undefined) context.addIssue(`${key} needs query`)
    const sources = [task, list, dummyQueries].filter((each) => each !== undefined).length
    if (sources > 1) context.addIssue('θ comes from one of task, list and dummyQueries')
    if (sources > 0 && vectors.length > 0)
      context.addIssue("a task's own θ answers: give query and vectors without task")
    if (sources > 0 && request.logits) context.addIssue('logits are those of one prompt: leave θ out')
    if ((task ?? list) !== undefined && Array.isArray(demonstrations))
      context.addIssue('of task and list, demonstrations are drawn: give their number')
    if ((task ?? list) === undefined && typeof demonstrations === 'number')
      context.addIssue(
        'a number of demonstrations is drawn from task or list: give one, or the demonstrations',
      )
    if (dummyQueries !== undefined && !Array.isArray(demonstrations))
      context.addIssue('dummyQueries, of which θ is computed, need demonstrations [[x, y], ...]')
  })

export type PredictRequest = z.output<typeof predictRequest>
export type GivenVector = PredictRequest['vectors'][number]
