import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'

/** A checkpoint's config under an architecture's schema, defaults filled in. Throws MODEL, naming each wrong key. */
export function readConfig<Schema extends z.ZodType>(
  schema: Schema,
  config: Readonly<Record<string, unknown>>,
  name: string,
  path: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(config)
  if (parsed.success) return parsed.data
  throw new TaskvecError(
    'MODEL',
    `${path}: its config cannot be run as ${name}:\n${z.prettifyError(parsed.error)}`,
  )
}
