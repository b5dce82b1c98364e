import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { DecoderSpec } from './decoder.js'

/** One model family: its config.json, validated, as a description of its computation. */
export interface Family {
  /** config.json's `model_type`. */
  readonly name: string
  /** For docs/models.md: example repositories, and what is special. */
  readonly examples: readonly string[]
  readonly special: string
  /** Unknown values are refused by name. Throws MODEL. */
  readonly describe: (config: Readonly<Record<string, unknown>>, path: string) => DecoderSpec
}

/** A family from the fields of its config.json; fields that do not matter for a forward pass need not be named. */
export function family<Fields extends z.ZodRawShape>({
  name,
  examples,
  special,
  fields,
  renamed = {},
  describe,
}: Pick<Family, 'name' | 'examples' | 'special'> & {
  readonly fields: Fields
  /** Other names of fields, as older files have them. */
  readonly renamed?: Readonly<Record<string, string>>
  readonly describe: (config: z.infer<z.ZodObject<Fields>>, path: string) => DecoderSpec
}): Family {
  return {
    name,
    examples,
    special,
    describe(config, path) {
      const given = withoutNulls(withNames(config, renamed), fields)
      const parsed = z.looseObject(fields).safeParse(given)
      if (parsed.success) return describe(parsed.data, path)
      throw new TaskvecError(
        'MODEL',
        `${path}: its config cannot be run as ${name}:\n${z.prettifyError(parsed.error)}`,
      )
    },
  }
}

function withNames(
  config: Readonly<Record<string, unknown>>,
  renamed: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const entries = Object.entries(config)
  const older = entries.map(([key, value]): [string, unknown] => [
    Object.hasOwn(renamed, key) ? (renamed[key] as string) : key,
    value,
  ])
  // The field's own name wins if both are present.
  return Object.fromEntries([...older, ...entries])
}

/** `null` means absent, unless a field gives it a meaning. */
function withoutNulls(config: Readonly<Record<string, unknown>>, fields: z.ZodRawShape) {
  const meaningful = (key: string) =>
    Object.hasOwn(fields, key) && z.safeParse(fields[key] as z.ZodType, null).success
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => value !== null || meaningful(key)),
  )
}

/** Kinds of fields; counts are bounded, since they come from outside. */
export const size = z.int().positive()
export const blockCount = z.int().positive().max(1000)
export const flag = z.boolean()
export const positive = z.number().positive()
/** Null: unused, regardless of the default. */
export const windowField = z.int().positive().nullable()
/** Null: as many as heads, regardless of the default. */
export const keyValueHeadsField = size.nullable()
/** A factor that null leaves out. */
export const capField = z.number().positive().nullable()

/** Throws MODEL if a condition on several fields does not hold. */
export function insist(holds: boolean, path: string, message: string): asserts holds {
  if (!holds) throw new TaskvecError('MODEL', `${path}: ${message}`)
}
