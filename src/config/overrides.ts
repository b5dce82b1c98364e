import { parse } from 'yaml'
import { TaskvecError } from '../domain/errors.js'
import type { YamlFile } from '../system/yaml-file.js'

/** `--set KEY=VALUE`: config keys overridden on the command line, with YAML values. */

/** Keys that hold lists; a single value needs no brackets. */
const listed = ['models', 'tasks', 'experiments']

/** The config with these keys replaced. Errors: USAGE if a value is not YAML. */
export function overridden(yaml: YamlFile, given: readonly string[]): YamlFile {
  if (given.length === 0) return yaml
  const values = new Map(given.map(keyAndValue))
  const own = (yaml.value ?? {}) as Record<string, unknown>
  return {
    ...yaml,
    value: { ...withoutOtherName(own, values), ...Object.fromEntries(values) },
    error: (path, message, hint) =>
      typeof path[0] === 'string' && values.has(path[0])
        ? new TaskvecError('CONFIG', `--set ${path.map(String).join('.')}: ${message}`, hint ? { hint } : {})
        : yaml.error(path, message, hint),
  }
}

function keyAndValue(text: string): [key: string, value: unknown] {
  const [, key, value = ''] = /^\s*([A-Za-z]+)\s*=(.*)$/s.exec(text) ?? []
  if (key === undefined)
    throw new TaskvecError('USAGE', `--set ${text}: not KEY=VALUE`, {
      hint: 'For example: --set demonstrations=[1,5]',
    })
  try {
    const parsed: unknown = parse(value)
    const one = listed.includes(key) && parsed !== 'all' && !Array.isArray(parsed)
    return [key, one ? (typeof parsed === 'string' ? parsed.split(/\s*,\s*/) : [parsed]) : parsed]
  } catch (error) {
    const [reason = ''] = (error as Error).message.split(' at line ', 1)
    throw new TaskvecError('USAGE', `--set ${key}: the value is not YAML: ${reason}`)
  }
}

/** Drops the file's `seeds` if `seed` is given, and vice versa. */
function withoutOtherName(own: Record<string, unknown>, values: ReadonlyMap<string, unknown>) {
  const pairs = [
    ['seed', 'seeds'],
    ['prompt', 'prompts'],
  ] as const
  const gone = pairs.flatMap(([one, many]) => [
    ...(values.has(one) ? [many] : []),
    ...(values.has(many) ? [one] : []),
  ])
  return Object.fromEntries(Object.entries(own).filter(([key]) => !(gone as string[]).includes(key)))
}
