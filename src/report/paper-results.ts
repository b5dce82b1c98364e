import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../system/home.js'
import { TaskvecError } from '../domain/errors.js'

/** What the authors published, as data: configs/paper-results.json. Accuracies are 0 to 1. */
const accuracy = z.number().min(0).max(1)
const count = z.int().positive()

const schema = z.strictObject({
  source: z.string(),
  /** Items behind each accuracy: the authors' published run, not the numbers in the paper's text. */
  items: z.strictObject({ baseline: count, dev: count, test: count, conflicting: count }),
  /** Table 6, by model and task. */
  main: z.record(
    z.string(),
    z.record(
      z.string(),
      z.strictObject({
        baseline: accuracy,
        hypothesis: accuracy,
        regular: accuracy,
        /** Dev accuracy of the hypothesis run; the index is L. */
        devAccuracyByLayer: z.array(accuracy).optional(),
      }),
    ),
  ),
  /** Table 2, by model. */
  conflicting: z.record(
    z.string(),
    z.array(
      z.strictObject({
        demonstrations: z.string(),
        overriding: z.string(),
        regularOnDemonstrations: accuracy,
        regularOnOverriding: accuracy,
        patchedOnDemonstrations: accuracy,
        patchedOnOverriding: accuracy,
      }),
    ),
  ),
})

export type PaperResults = Readonly<z.infer<typeof schema>>

/** Reads the published figures. Errors: CONFIG with the key that is wrong. */
export function paperResults(file = join(projectRoot(), 'configs', 'paper-results.json')): PaperResults {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0] as z.core.$ZodIssue
  throw new TaskvecError('CONFIG', `${file}: ${path.join('.')}: ${message}`, {
    hint: 'Restore the file from the repository.',
  })
}
