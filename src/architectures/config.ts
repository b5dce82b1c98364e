import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import { malformed } from '../system/zod-issue.js'
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
export function family<
  Fields extends z.ZodRawShape,
  const Renamed extends Names<Fields> = Record<never, never>,
>({
  name,
  fields,
  renamed,
  describe,
  ...about
}: Pick<Family, 'name' | 'examples' | 'special'> & {
  readonly fields: Fields
  /** Other names of fields, as older files have them. `describe` gets the values under both. */
  readonly renamed?: Renamed
  readonly describe: (config: Config<Fields, Renamed>) => Omit<DecoderSpec, 'family'>
}): Family {
  const otherNames = Object.entries<string>(renamed ?? {})
  return {
    name,
    ...about,
    describe(config, path) {
      const parsed = z.object(fields).safeParse(withoutNulls(withNames(config, otherNames), fields))
      const refuse = (message: string) => new TaskvecError('MODEL', `${path}: ${message}`)
      if (!parsed.success) throw refuse(`its config cannot be run as ${name}:\n${malformed(parsed.error)}`)
      const values: Record<string, unknown> = parsed.data
      for (const [other, own] of otherNames) values[other] = values[own]
      try {
        return { family: name, ...describe(values as Config<Fields, Renamed>) }
      } catch (error) {
        throw error instanceof TaskvecError ? refuse(error.message) : error
      }
    },
  }
}

type Names<Fields> = Readonly<Record<string, keyof Fields & string>>

type Config<Fields extends z.ZodRawShape, Renamed extends Names<Fields>> = z.infer<z.ZodObject<Fields>> & {
  [Other in keyof Renamed]: z.infer<Fields[Renamed[Other]]>
}

function withNames(
  config: Readonly<Record<string, unknown>>,
  otherNames: readonly (readonly [other: string, own: string])[],
): Record<string, unknown> {
  const older = otherNames.filter(([other]) => Object.hasOwn(config, other))
  // The field's own name wins if both are present.
  return { ...Object.fromEntries(older.map(([other, own]) => [own, config[other]])), ...config }
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

/** Throws MODEL if a condition on several fields does not hold; `family` adds the file's path. */
export function insist(holds: unknown, message: string): asserts holds {
  if (!holds) throw new TaskvecError('MODEL', message)
}
