import type Database from 'better-sqlite3'
import { canonicalJson } from '../domain/identity.js'
import type { TaskSpec } from '../domain/types.js'
import type { SweepConfig } from '../config/sweep-config.js'
import { modelRecords, weightTypes } from '../store/report-queries.js'
import { taskLabels } from './task-labels.js'
import { varying, type SettingKey, type SweepOfGroup } from '../store/settings.js'

/** Sweeps of several configs side by side: models and tasks that share an id but differ get distinct names and a note. */
export interface Apart {
  /** Its id; with the sweep's if another sweep has other weights under the same id. */
  readonly model: (sweep: string, id: string) => string
  /** Its label or id; with the sweep's if another sweep has other pairs, items or scoring under the same id. */
  readonly task: (sweep: string, id: string) => string
  /** Sentences; none for the settings of one config. */
  readonly notes: readonly string[]
}

export function apart(db: Database.Database, sweeps: readonly SweepOfGroup[]): Apart {
  const models = differing(
    sweeps.flatMap(({ id }) =>
      modelRecords(db, id).flatMap(({ model, modelHash }) =>
        modelHash === null ? [] : [{ sweep: id, id: model, content: modelHash }],
      ),
    ),
  )
  const tasks = differing(
    sweeps.flatMap((sweep) =>
      specsOf(sweep).map((spec) => ({ sweep: sweep.id, id: spec.id, content: contentOf(spec) })),
    ),
  )
  const named =
    (ids: ReadonlySet<string>) =>
    (sweep: string, name: string, id = name) =>
      ids.has(id) ? `${name} (${sweep})` : name
  const labels = new Map(sweeps.map((sweep) => [sweep.id, taskLabels(sweep)]))
  // One task has one name: the first label that any of the sweeps gives it.
  const shared = new Map([...labels.values()].reverse().flatMap((of) => [...of]))
  const label = (sweep: string, id: string) => (tasks.has(id) ? labels.get(sweep) : shared)?.get(id) ?? id
  return {
    model: named(models),
    task: (sweep, id) => named(tasks)(sweep, label(sweep, id), id),
    notes: ofOneConfig(sweeps) ? [] : [...drawnApart(sweeps), ...weights(), ...lists()],
  }

  function weights(): string[] {
    return [...models].map((model) => {
      const types = sweeps.flatMap(({ id }) => {
        const type = weightTypes(db, id).get(model)
        return type === undefined ? [] : [`${type} in ${id}`]
      })
      return `The model ${model} has other weights in one sweep than in another (${types.join(', ')}): they are shown apart.`
    })
  }

  function lists(): string[] {
    return [...tasks].map(
      (task) =>
        `The task ${task} has other pairs, items or scoring in one sweep than in another: they are shown apart.`,
    )
  }
}

/** A note if the values of a key have different models or tasks behind them, so that their means are not comparable. */
export function unlike(
  key: SettingKey,
  rows: readonly { readonly value: string | number; readonly model: string; readonly task: string }[],
): string[] {
  const sets = new Map<string | number, Set<string>>()
  for (const { value, model, task } of rows) {
    const set = sets.get(value) ?? new Set()
    sets.set(value, set.add(key === 'models' ? task : key === 'tasks' ? model : `${model}\n${task}`))
  }
  const contents = new Set([...sets.values()].map((set) => [...set].sort().join('\n\n')))
  if (contents.size < 2) return []
  const counts = [...sets].map(([value, set]) => `${value}: ${set.size}`)
  const what = key === 'models' ? 'tasks' : key === 'tasks' ? 'models' : 'models and tasks'
  return [`Not every value has the same ${what} (${counts.join(', ')}): their means are over different ones.`]
}

function ofOneConfig([first, ...others]: readonly SweepOfGroup[]): boolean {
  return others.every(({ group }) => group !== null && group === first?.group)
}

function drawnApart(sweeps: readonly SweepOfGroup[]): string[] {
  const keys = varying(sweeps)
  const differ = keys.length === 0 ? '' : ` They differ in ${keys.join(', ')}.`
  return [
    `${sweeps.length} sweeps of different configs.${differ} Each drew its own items, so differences between them include that of the draw.`,
  ]
}

/** Regardless of its name and group. */
function contentOf(spec: TaskSpec): string {
  return canonicalJson({ ...spec, label: null, category: null })
}

function specsOf({ config }: SweepOfGroup): readonly TaskSpec[] {
  return (JSON.parse(config) as Partial<SweepConfig>).tasks ?? []
}

/** The ids with more than one content. */
function differing(all: readonly { readonly id: string; readonly content: string }[]): Set<string> {
  const contents = new Map<string, Set<string>>()
  for (const { id, content } of all) contents.set(id, (contents.get(id) ?? new Set()).add(content))
  return new Set([...contents].flatMap(([id, set]) => (set.size > 1 ? [id] : [])))
}
