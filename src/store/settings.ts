import type Database from 'better-sqlite3'
import { promptName } from '../prompt/templates.js'
import { listSweeps, sweepMode, type SweepSummary } from './sweeps.js'

/** What distinguishes the sweeps of a group: a setting each of one config (docs/settings.md, Axes). */

export const axes = ['demonstrations', 'prompt', 'dummyQueries', 'seed', 'numerics'] as const
export type Axis = (typeof axes)[number]
export type Setting = Readonly<Record<Axis, string | number>>

/** Their types, as columns of tables. */
export const axisTypes = {
  demonstrations: 'whole',
  prompt: 'text',
  dummyQueries: 'whole',
  seed: 'whole',
  numerics: 'text',
} as const satisfies Record<Axis, 'whole' | 'text'>

export function settingOf(sweep: Pick<SweepSummary, 'protocol' | 'config'>): Setting {
  const { demonstrations, prompt, dummyQueries, seed } = sweep.protocol
  return {
    ...{ demonstrations, prompt: promptName(prompt), dummyQueries, seed },
    numerics: sweepMode(sweep) ?? 'f32',
  }
}

export interface SweepOfGroup extends SweepSummary {
  readonly setting: Setting
}

/** Whether the axis has more than one value. */
export function varies(settings: readonly Setting[], axis: Axis): boolean {
  return new Set(settings.map((setting) => setting[axis])).size > 1
}

/** A sweep's whole group, in the config's order as far as the axes' values tell: this one alone where it has none. */
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

/** The axes that have more than one value among the sweeps. */
export function varying(sweeps: readonly SweepOfGroup[]): Axis[] {
  const settings = sweeps.map(({ setting }) => setting)
  return axes.filter((axis) => varies(settings, axis))
}

/** The sweeps of its group that differ from it in nothing but the seed, itself among them. */
export function otherSeeds(db: Database.Database, sweep: SweepSummary): SweepOfGroup[] {
  const own = settingOf(sweep)
  return settingsOfGroup(db, sweep).filter(({ setting }) =>
    axes.every((axis) => axis === 'seed' || setting[axis] === own[axis]),
  )
}

/** `k = 5, prompt qa`: for people. */
export function described(setting: Setting, axes: readonly Axis[]): string {
  const names = {
    demonstrations: 'k =',
    prompt: 'prompt',
    dummyQueries: 'dummy queries',
    seed: 'seed',
    numerics: '',
  }
  return axes.map((axis) => `${names[axis]} ${setting[axis]}`.trim()).join(', ')
}

/** Whether a whole group is asked for: by its own name, where more than the seed varies. */
export function namesGroup(
  sweep: SweepSummary,
  group: readonly SweepOfGroup[],
  wanted: string | undefined,
): boolean {
  return wanted !== undefined && sweep.group === wanted && varying(group).some((axis) => axis !== 'seed')
}
