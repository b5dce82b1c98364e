import type Database from 'better-sqlite3'
import { promptName } from '../prompt/templates.js'
import { findSweep, listSweeps, sweepMode, type SweepSummary } from './sweeps.js'

/** The keys by which sweeps differ, within a group (one sweep for each setting of a config; docs/settings.md, Axes) or otherwise. */

export const axes = ['demonstrations', 'prompt', 'dummyQueries', 'seed', 'numerics'] as const

/** Further keys of a config: the same within a group, but not always between groups. */
const others = [
  ...(['demonstrationLabels', 'order', 'dummyMayBeDemonstration', 'answer'] as const),
  ...(['testItems', 'devItems', 'baselineItems', 'layers'] as const),
] as const

/** What accuracies can be grouped by: a key of the configs, or a column of the rows. */
export const settingKeys = [...axes, ...others, 'models', 'tasks', 'name', 'sweep'] as const
export type SettingKey = (typeof settingKeys)[number]
/** The values of a sweep; its models and tasks are in its rows. */
export type Setting = Readonly<Record<Exclude<SettingKey, 'models' | 'tasks'>, string | number>>

/** Their types, as columns of tables. */
export const keyTypes = {
  ...{ demonstrations: 'whole', prompt: 'text', dummyQueries: 'whole', seed: 'whole', numerics: 'text' },
  ...{ demonstrationLabels: 'text', order: 'text', dummyMayBeDemonstration: 'text', answer: 'text' },
  ...{ testItems: 'whole', devItems: 'whole', baselineItems: 'whole', layers: 'text' },
  ...{ models: 'text', tasks: 'text', name: 'text', sweep: 'text' },
} as const satisfies Record<SettingKey, 'whole' | 'text'>

export function settingOf(
  sweep: Pick<SweepSummary, 'protocol' | 'config'> & Partial<Pick<SweepSummary, 'id' | 'name'>>,
): Setting {
  const { demonstrations, prompt, dummyQueries, seed, testItems, devItems, baselineItems } = sweep.protocol
  const { demonstrationLabels = 'true', orderSeed, dummyMayBeDemonstration, answer } = sweep.protocol
  const { layers = 'all' } = JSON.parse(sweep.config) as { layers?: unknown }
  return {
    ...{ demonstrations, prompt: promptName(prompt), dummyQueries, seed },
    ...{ testItems, devItems, baselineItems, demonstrationLabels, order: orderSeed ?? 'drawn' },
    numerics: sweepMode(sweep) ?? 'f32',
    dummyMayBeDemonstration: String(dummyMayBeDemonstration),
    answer: answer ? `${answer.maxTokens} tokens` : '1 token',
    layers: typeof layers === 'string' ? layers : JSON.stringify(layers),
    ...{ name: sweep.name ?? '', sweep: sweep.id ?? '' },
  }
}

export interface SweepOfGroup extends SweepSummary {
  readonly setting: Setting
}

/** Whether the key has more than one value. */
export function varies(settings: readonly Setting[], key: keyof Setting): boolean {
  return new Set(settings.map((setting) => setting[key])).size > 1
}

/** All sweeps of a sweep's group, ordered by the axes' values as in the config; the sweep alone if it has no group. */
export function settingsOfGroup(db: Database.Database, sweep: SweepSummary): SweepOfGroup[] {
  const all = listSweeps(db).filter(
    ({ id, group }) => id === sweep.id || (group !== null && group === sweep.group),
  )
  const named = all.reverse().map((each) => ({ ...each, setting: settingOf(each) }))
  const prompts = [...new Set(named.map(({ setting }) => setting.prompt))]
  const order = ({ setting }: SweepOfGroup) => [
    prompts.indexOf(setting.prompt),
    setting.demonstrations,
    setting.dummyQueries,
    setting.numerics,
    setting.seed,
  ]
  return named.sort((a, b) => compared(order(a), order(b)) || (a.id < b.id ? -1 : 1))
}

function compared(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  const at = a.findIndex((value, i) => value !== b[i])
  return at < 0 ? 0 : (a[at] as number) < (b[at] as number) ? -1 : 1
}

/** The keys that have more than one value among the sweeps; within a group, these are its axes. */
export function varying(sweeps: readonly SweepOfGroup[]): Exclude<keyof Setting, 'name' | 'sweep'>[] {
  const settings = sweeps.map(({ setting }) => setting)
  return [...axes, ...others].filter((key) => varies(settings, key))
}

/** The sweeps named by id, name or group, in order, each once. Errors: USAGE. */
export function namedSweeps(db: Database.Database, wanted: readonly string[]): SweepOfGroup[] {
  const all = wanted.flatMap((name) => {
    const sweep = findSweep(db, name)
    const group = settingsOfGroup(db, sweep)
    return namesGroup(sweep, group, name) ? group : [{ ...sweep, setting: settingOf(sweep) }]
  })
  return all.filter(({ id }, i) => all.findIndex((other) => other.id === id) === i)
}

/** The sweeps of its group that differ from it only in the seed, including itself. */
export function otherSeeds(db: Database.Database, sweep: SweepSummary): SweepOfGroup[] {
  const own = settingOf(sweep)
  return settingsOfGroup(db, sweep).filter(({ setting }) =>
    axes.every((axis) => axis === 'seed' || setting[axis] === own[axis]),
  )
}

/** A setting as text: `k = 5, prompt qa`. */
export function described(setting: Setting, keys: readonly (keyof Setting)[]): string {
  const names = { demonstrations: 'k =', dummyQueries: 'dummy queries', numerics: '', name: '', sweep: '' }
  return keys
    .map((key) => `${key in names ? names[key as keyof typeof names] : key} ${setting[key]}`.trim())
    .join(', ')
}

/** Whether a whole group was requested: by its own name, and more than the seed varies in it. */
export function namesGroup(
  sweep: SweepSummary,
  group: readonly SweepOfGroup[],
  wanted: string | undefined,
): boolean {
  return wanted !== undefined && sweep.group === wanted && varying(group).some((axis) => axis !== 'seed')
}
