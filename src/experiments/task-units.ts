import { readNumerics } from '../domain/numerics.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import { TaskvecError } from '../domain/errors.js'
import { unitScores } from '../store/schema/units.js'
import type { Item, Protocol } from '../domain/types.js'
import {
  onlyStep,
  passesStep,
  type AnalysisInput,
  type FinishedTask,
  type ForwardPasses,
  type HandedItems,
  type NewUnit,
  type PlanContext,
  type TaskStep,
  type UnitKind,
} from './experiment.js'
import { scoreRows, type Scores } from './scores.js'

/** Shared by the units of many experiments. */

/** A unit per task. */
export function perTask(experiment: string, tasks: readonly string[], settings: object): NewUnit[] {
  return tasks.map((task) => ({ experiment, task, thetaTask: '', settings }))
}

/** One unit over all tasks of a model. */
export function overTasks(experiment: string): NewUnit {
  return { experiment, task: '', thetaTask: '', settings: {} }
}

/** Input of every step on one task's items. */
export function taskStep(of: FinishedTask, items: readonly Item[]): TaskStep {
  const { model, modelHash, numerics, task, scoring } = of
  return { model, modelHash, numerics, task, scoring, items }
}

/** The part of the key that all units of one task share. */
export function commonIdentity({ numerics, scoring }: FinishedTask): object {
  return { numerics: readNumerics(numerics), scoring }
}

export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value))
}

/** The first test items, as many as an experiment's `items` setting. */
export function testItemsOf(experiment: string) {
  return ({ items }: { readonly items: number }): HandedItems[] => [
    { setting: `${experiment}: items`, split: 'test', items },
  ]
}

/** One step on the first `items` test items that gives scores; what else determines them is in `identity`. */
export function scoredUnit<Settings extends { readonly items: number }, Input extends TaskStep>(
  passes: ForwardPasses<Input, Scores>,
  ask: (
    question: { readonly of: FinishedTask; readonly step: TaskStep },
    settings: Settings,
  ) => { readonly identity: object; readonly input: Input },
  hands: (settings: Settings, protocol: Protocol) => readonly HandedItems[] = testItemsOf('beyond'),
): UnitKind<Settings> {
  return {
    passes: [passes],
    table: unitScores,
    hands,
    plan({ place, task }, settings) {
      const of = task(place.task)
      const items = of.items('test', settings.items)
      const { identity, input } = ask({ of, step: taskStep(of, items) }, settings)
      return {
        identity: { ...commonIdentity(of), items: hashOf(items), ...identity },
        modelHash: of.modelHash,
        next: onlyStep(unitScores, passesStep('score', passes, input, scoreRows)),
      }
    },
  }
}

/** The θ of all tasks that have them. Errors: TASK if fewer than two do. */
export function thetasOfTasks({ runsOf, seed }: PlanContext, unit: string) {
  const runs = runsOf(unit)
  const modelHash = runs[0]?.modelHash
  if (runs.length < 2 || modelHash === undefined)
    throw new TaskvecError('TASK', `θ of ${runs.length} tasks are stored; at least two are needed`)
  const input: AnalysisInput = { seed, thetas: runs.map(({ task, runId }) => ({ task, runId })) }
  return { modelHash, input, of: runs.map(({ task, key }) => ({ task, key })) }
}
