import type { EngineMode } from '../domain/numerics.js'
import type { Pairing, PromptTemplate, Protocol } from '../domain/types.js'
import { isArrow, promptName } from '../prompt/templates.js'
import type { YamlFile } from '../system/yaml-file.js'
import type { ConfigFile } from './schema.js'

/**
 * The axes of a config: keys that may hold a list (docs/settings.md, Axes). A setting is one combination of their values and
 * becomes a sweep of its own; the sweeps of one config form a group.
 */

export interface Setting {
  readonly protocol: Pick<
    Protocol,
    'seed' | 'demonstrations' | 'dummyQueries' | 'prompt' | 'demonstrationLabels' | 'orderSeed' | 'paired'
  >
  readonly numerics: NonNullable<EngineMode['numerics']>
}

export interface Settings {
  readonly all: readonly Setting[]
  /** The lists, if any besides seeds has several values; they determine the group's id. */
  readonly axes?: object
}

/** docs/protocol.md, Sampling. */
export const defaultSeed = 41
/** The paper's k: when it is one of several, its items are the same as when it is the only one. */
const paperDemonstrations = 5

/** All settings of a config. Errors: CONFIG if both names of a key are given, or a list repeats a value. */
export function settingsOf(yaml: YamlFile, config: ConfigFile): Settings {
  const seeds = oneOf(yaml, 'seed', 'seeds', config) ?? [defaultSeed]
  const prompts = oneOf(yaml, 'prompt', 'prompts', config) ?? []
  const { demonstrations, dummyQueries, numerics } = config
  refuseRepeats(yaml, 'demonstrations', demonstrations)
  refuseRepeats(yaml, 'dummyQueries', dummyQueries)
  refuseRepeats(yaml, 'numerics', numerics)
  const paired = pairing(demonstrations, dummyQueries, prompts)
  const common = {
    ...(config.demonstrationLabels === 'true' ? {} : { demonstrationLabels: config.demonstrationLabels }),
    ...(config.order === 'drawn' ? {} : { orderSeed: config.order }),
    ...(paired ? { paired } : {}),
  }
  const all = (prompts.length === 0 ? [undefined] : prompts).flatMap((prompt) =>
    demonstrations.flatMap((k) =>
      dummyQueries.flatMap((dummies) =>
        numerics.flatMap((mode) =>
          seeds.map((seed): Setting => ({
            protocol: {
              ...{ seed, demonstrations: k, dummyQueries: dummies, ...common },
              ...(prompt === undefined || isPaper(prompt) ? {} : { prompt }),
            },
            numerics: mode,
          })),
        ),
      ),
    ),
  )
  const lists = [demonstrations, dummyQueries, numerics, prompts]
  if (lists.every(({ length }) => length < 2)) return { all }
  return { all, axes: { demonstrations, dummyQueries, numerics, prompts } }
}

/** Whether a template is the default: the paper's format under its own name. Under another name, it is a separate row in tables. */
function isPaper(prompt: PromptTemplate): boolean {
  return !('chat' in prompt) && prompt.id === 'arrow' && isArrow(prompt)
}

/** How settings with several k or prompts draw items together; undefined with one of each, since a larger number of x' always extends a smaller one. */
function pairing(
  demonstrations: readonly number[],
  dummyQueries: readonly number[],
  prompts: readonly PromptTemplate[],
): Pairing | undefined {
  if (demonstrations.length < 2 && prompts.length < 2) return undefined
  const first = prompts.find((prompt) => promptName(prompt) === 'arrow')
  return {
    demonstrations: demonstrations.includes(paperDemonstrations)
      ? paperDemonstrations
      : Math.max(...demonstrations),
    dummyQueries: Math.max(...dummyQueries),
    prompts:
      prompts.length < 2 ? [] : [...(first ? [first] : []), ...prompts.filter((each) => each !== first)],
  }
}

/** The values of a key with a singular and a plural name. */
function oneOf<One extends 'seed' | 'prompt', Many extends 'seeds' | 'prompts'>(
  yaml: YamlFile,
  one: One,
  many: Many,
  config: ConfigFile,
): NonNullable<ConfigFile[One] & ConfigFile[Many]> | undefined {
  if (config[one] !== undefined && config[many] !== undefined)
    throw yaml.error([many], `cannot be combined with "${one}": give one of them`)
  const values = config[many] ?? config[one]
  if (values === undefined) return undefined
  refuseRepeats(yaml, config[many] === undefined ? one : many, values)
  return values as never
}

function refuseRepeats(
  yaml: YamlFile,
  key: string,
  values: readonly (string | number | PromptTemplate)[],
): void {
  const names = values.map((value) => (typeof value === 'object' ? value.id : value))
  const repeated = names.findIndex((name, i) => names.indexOf(name) < i)
  if (repeated < 0) return
  const what = key.startsWith('seed') ? 'seed ' : ''
  throw yaml.error([key, repeated], `${what}${names[repeated]} is given twice`)
}
