import { z } from 'zod'
import { templateSchema } from '../prompt/template-schema.js'
import { vectorModes } from '../vectors/vector.js'

/** One request to a loaded model: the options of `taskvec predict`, and the JSON of `taskvec serve --predict` (docs/api.md). */

const mostTokens = 100_000
const tokens = z.array(z.int().min(0)).min(1).max(mostTokens)

const vector = z
  .strictObject({
    /** A name in the library; on the command line also a file. `NAME#PART` selects vectors by part of their names. */
    vector: z.string().min(1).max(4000).optional(),
    /** The vector itself. */
    values: z.array(z.number()).min(1).max(1_000_000).optional(),
    /** Selects a layer of several; for a single vector, where to patch it in. */
    layer: z.int().min(0).optional(),
    scale: z.number().default(1),
    mode: z.enum(vectorModes).optional(),
    /** Patch at the prompt's last token, or at every token, as usual for control vectors. */
    positions: z.enum(['last', 'all']).default('last'),
  })
  .refine((given) => (given.vector === undefined) !== (given.values === undefined), {
    error: 'needs either vector (a name) or values (numbers)',
  })

/** x -> y. */
const pair = z
  .union(
    [
      z.tuple([z.string().min(1), z.string().min(1)]),
      z.strictObject({ input: z.string().min(1), output: z.string().min(1) }),
    ],
    { error: 'must be [x, y] or {input, output}' },
  )
  .transform((given) => (Array.isArray(given) ? { input: given[0], output: given[1] } : given))

/** The name of a built-in template, or a template, whose `id` may be left out. */
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
    /** x. With `task`, `list` or `dummyQueries`, θ answers it; else the prompt is [x, ->], or [S, x, ->] with demonstrations. */
    query: z.string().min(1).max(10_000).optional(),
    task: z.string().min(1).max(200).optional(),
    /** Pairs to use instead of a task's. */
    list: z.array(pair).min(1).max(100_000).optional(),
    /** The prompt template of `query`; default: the paper's arrow. */
    template: template.optional(),
    /** k for `task` and `list`, drawn with the seed; or S itself. */
    demonstrations: z
      .union([z.int().min(1).max(1000), z.array(pair).min(1).max(1000)], {
        error: 'must be a number of demonstrations, or a list of [x, y]',
      })
      .optional(),
    /** The x' that follow the given S; their mean θ answers the query. */
    dummyQueries: z.array(z.string().min(1).max(10_000)).min(1).max(100).optional(),
    vectors: z.array(vector).max(100).default([]),
    /** Patch θ in after this block only; default: after each block in turn. */
    layer: z.int().min(0).optional(),
    seed: z.int().min(0).default(41),
    top: z.int().min(1).max(1000).default(10),
    /** Return all logits at the last token instead, [vocab]. */
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
    if (sources === 0 && request.layer !== undefined)
      context.addIssue('layer is that of θ: give task, list or dummyQueries, or a layer to each vector')
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
