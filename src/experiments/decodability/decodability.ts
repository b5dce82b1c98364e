import { z } from 'zod'
import { allLayers } from '../../domain/layers.js'
import { thetas as thetaTable, unitScores } from '../../store/schema/units.js'
import { drawItems } from '../../tasks/sampling.js'
import type { BeyondPart } from '../beyond/part.js'
import { analysisStep, onlyStep, type Analysis, type UnitKind } from '../experiment.js'
import { scoreRows, type Scores } from '../scores.js'
import { commonIdentity, hashOf, overTasks, perTask, thetasOfTasks } from '../task-units.js'
import { nextThetas, thetaPasses } from '../theta-units.js'
import { thetaParts } from '../thetas.js'
import { decodeAllLayers } from './forward-passes.js'

const passes = thetaPasses('decodabilityThetas', 'decodability (θ)')

/** θ at every L of n different (S, x'): those of the dev items, continued if there are fewer. */
const thetasOfOneTask: UnitKind<{ readonly thetas: number }> = {
  passes: [passes],
  table: thetaTable,
  plan({ place, task }, { thetas }) {
    const of = task(place.task)
    const { dev: items } = drawItems(place.task, of.population(), {
      ...of.protocol,
      devItems: thetas,
      testItems: 0,
      baselineItems: 0,
    })
    const parts = thetaParts(allLayers(of.blocks), items, of.dModel)
    return {
      identity: {
        ...commonIdentity(of),
        items: hashOf(items),
        parts: parts.map(({ layers, end }) => [layers.length, end]),
      },
      modelHash: of.modelHash,
      next: (stored) => nextThetas(stored, of, passes, parts, ({ first, end }) => items.slice(first, end)),
    }
  },
}

const decoding: Analysis<Scores> = { activity: 'decodeTasks', run: decodeAllLayers }

/** A classifier over the θ of all tasks. */
const overAllTasks: UnitKind = {
  analyses: [decoding],
  table: unitScores,
  plan(context) {
    const { modelHash, input, of } = thetasOfTasks(context, 'decodability_thetas')
    return {
      identity: { of },
      modelHash,
      next: onlyStep(unitScores, analysisStep('decode', decoding, input, scoreRows)),
    }
  },
}

/** Whether a linear classifier names the task from θ, at each L. */
export const decodability: BeyondPart<{ readonly thetas: number } | null> = {
  /** θ per task and layer; null: switched off. */
  setting: z
    .union([z.boolean(), z.strictObject({ thetas: z.int().min(2).max(1000) })], {
      error: 'must be true, false or {thetas}',
    })
    .default(true)
    .transform((given) => (given === true ? { thetas: 20 } : given === false ? null : given)),
  units: (setting, _items, tasks) =>
    setting ? [...perTask('decodability_thetas', tasks, setting), overTasks('decodability')] : [],
  kinds: { decodability_thetas: thetasOfOneTask, decodability: overAllTasks },
}
