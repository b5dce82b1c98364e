import type { Item } from '../domain/types.js'
import {
  passesStep,
  type FinishedTask,
  type ForwardPasses,
  type Step,
  type StoredRows,
  type TaskStep,
} from './experiment.js'
import { taskStep } from './task-units.js'
import { missingPart, thetaRows, thetasOf, toThetas, type ThetaPart, type Thetas } from './thetas.js'

export interface ThetasStep extends TaskStep {
  readonly layers: readonly number[]
  readonly firstItem: number
}

/** θ of each item at the step's layers, or their mean: one vector a layer. */
export function thetaPasses(
  activity: string,
  label: string,
  which: 'each' | 'mean' = 'each',
): ForwardPasses<ThetasStep, Thetas> {
  return {
    activity,
    label,
    run: async (engine, { items, layers, firstItem }, options) =>
      toThetas(await thetasOf(engine, items, layers, options, which), firstItem, layers),
  }
}

/** Computes the first part that is not stored; null if all are. */
export function nextThetas(
  stored: StoredRows,
  of: FinishedTask,
  passes: ForwardPasses<ThetasStep, Thetas>,
  parts: readonly ThetaPart[],
  itemsOf: (part: ThetaPart) => readonly Item[],
): Step | null {
  const part = missingPart(stored, parts)
  if (!part) return null
  const { layers, first } = part
  const input = { ...taskStep(of, itemsOf(part)), layers, firstItem: first }
  return passesStep(`thetas ${layers[0] ?? 0} ${first}`, passes, input, (found) =>
    thetaRows(found, of.dModel),
  )
}
