import { z } from 'zod'
import { didYouMean } from '../domain/did-you-mean.js'
import type { PromptTemplate } from '../domain/types.js'
import { builtinTemplates, isArrow, templateProblem } from './templates.js'

/** Prompts in configs and requests: the name of a built-in template, or a template (docs/settings.md). */

const text = z.string().max(2000)
const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, ".", "_" and "-" only')
  .max(80)

/** A custom template, or the model's chat template with an optional system message. */
const own = z
  .strictObject({
    id,
    chat: z.literal(true).optional(),
    system: text.optional(),
    demonstration: text.optional(),
    query: text.optional(),
    separator: text.optional(),
    prefix: text.optional(),
    suffix: text.optional(),
  })
  .transform(({ id, chat, system, demonstration, query, ...rest }, context): PromptTemplate => {
    const refuse = (message: string) => (context.addIssue(message), z.NEVER)
    if (chat) {
      if (demonstration ?? query ?? rest.separator ?? rest.prefix ?? rest.suffix)
        return refuse('with chat: true, the model’s chat template is used: only id and system may be given')
      return { id, chat, ...(system === undefined ? {} : { system }) }
    }
    if (system !== undefined) return refuse('system needs chat: true; use prefix for text before the prompt')
    if (demonstration === undefined || query === undefined)
      return refuse('needs demonstration (with {x} and {y}) and query (with {x})')
    const template = {
      id,
      demonstration,
      query,
      ...{ separator: '\n', prefix: '', suffix: '' },
      ...defined(rest),
    }
    const problem = templateProblem(template)
    if (problem !== null) return refuse(problem)
    if (id === 'arrow' && !isArrow(template))
      return refuse('"arrow" is the paper’s prompt; give yours another id')
    return template
  })

function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never
}

const named = z.string().transform((name, context): PromptTemplate => {
  const found = builtinTemplates.find((template) => template.id === name)
  if (found) return found
  const known = builtinTemplates.map((template) => template.id)
  context.addIssue(`unknown prompt "${name}"${didYouMean(name, known)}; built in: ${known.join(', ')}`)
  return z.NEVER
})

/** Chosen by the type of the value, so that errors concern that branch only. */
export const templateSchema = z.unknown().transform((given, context): PromptTemplate => {
  if (typeof given !== 'string' && (typeof given !== 'object' || given === null)) {
    context.addIssue('must be the name of a built-in prompt, {id, demonstration, query} or {id, chat: true}')
    return z.NEVER
  }
  const parsed = (typeof given === 'string' ? named : own).safeParse(given)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: given } as never)
  return z.NEVER
})

/** One prompt, or a list of them. */
export const promptsSchema = z.preprocess(
  (given): unknown[] => (Array.isArray(given) ? (given as unknown[]) : [given]),
  z.array(templateSchema).min(1).max(50),
)
