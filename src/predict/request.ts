import { z } from 'zod'
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

export const predictRequest = z
  .strictObject({
    /** Exactly as given. */
    prompt: z.string().min(1).max(1_000_000).optional(),
    tokenIds: tokens.optional(),
    /** x: with `task` answered by the task's θ, else put into [x, ->]. */
    query: z.string().min(1).max(10_000).optional(),
    task: z.string().min(1).max(200).optional(),
    vectors: z.array(vector).max(100).default([]),
    /** Of `task`: patch θ after this block only; default: every one. */
    layer: z.int().min(0).optional(),
    demonstrations: z.int().min(1).max(1000).default(5),
    seed: z.int().min(0).default(41),
    top: z.int().min(1).max(1000).default(10),
    /** All logits of the last token instead. */
    logits: z.boolean().default(false),
    maxTokens: z.int().min(1).max(1000).default(1),
    stop: z.array(z.string().min(1).max(100)).max(10).default([]),
  })
  .superRefine(({ prompt, tokenIds, query, task, vectors }, context) => {
    const given = [prompt, tokenIds, task ?? query].filter((each) => each !== undefined).length
    if (given !== 1) context.addIssue(`takes exactly one of prompt, tokenIds and query; ${given} given`)
    if (task !== undefined && query === undefined) context.addIssue('task needs query')
    if (task !== undefined && vectors.length > 0)
      context.addIssue("a task's own θ answers: give query and vectors without task")
  })

export type PredictRequest = z.output<typeof predictRequest>
export type GivenVector = PredictRequest['vectors'][number]
