import type { ComputeStep, Scores, Thetas, UnitPlace } from '../../domain/experiments.js'
import type { Item } from '../../domain/types.js'
import { canonicalJson, sha256 } from '../../domain/identity.js'
import { drawItems } from '../../tasks/sampling.js'
import {
  allLayers,
  analysisOf,
  commonIdentity,
  firstItems,
  hasRows,
  missingPart,
  populationOf,
  preparedTask,
  saveScores,
  saveThetas,
  taskStep,
  thetaParts,
  type Prepared,
} from '../../store/unit-inputs.js'
import type { UnitKind } from '../../store/experiment-units.js'
import type { Statements } from '../../store/statements.js'

/** The experiments beyond the paper (docs/experiments.md): each in one step, on test items of the main experiment. */

interface Question {
  readonly db: Statements
  readonly place: UnitPlace
  readonly prepared: Prepared
  readonly items: readonly Item[]
}

/** One step on the first `items` test items that gives scores; what else determines them goes into `identity`. */
function scored<Settings extends { readonly items: number }>(
  ask: (question: Question, settings: Settings) => { identity: object; step: ComputeStep },
): UnitKind {
  return {
    plan(db, place, given) {
      const settings = given as Settings
      const prepared = preparedTask(db, place.sweepId, place.model, place.task)
      const items = firstItems(db, prepared, 'test', settings.items)
      const { identity, step } = ask({ db, place, prepared, items }, settings)
      return {
        identity: { ...commonIdentity(prepared), items: sha256(canonicalJson(items)), ...identity },
        modelHash: prepared.row.model_hash,
        next: (runId) => (hasRows(db, 'unit_scores', runId) ? null : { name: 'score', step }),
      }
    },
    record: (db, runId, result) => saveScores(db, runId, (result as Scores).scores),
  }
}

/** Sets in the pool per set that is asked for: some hold the query and are passed over. */
const spare = 2

export const demonstrationSets = scored<{ items: number; sets: readonly number[] }>(
  ({ db, place, prepared, items }, { sets }) => {
    const { dev: pool } = drawItems(place.task, populationOf(db, place.sweepId, place.task, prepared), {
      ...prepared.protocol,
      devItems: spare * Math.max(...sets),
      testItems: 0,
      baselineItems: 0,
    })
    const layer = prepared.bestLayer
    const input = { ...taskStep(place, prepared, items), pool, sets, layer }
    return {
      identity: { pool: sha256(canonicalJson(pool)), sets, layer },
      step: { activity: 'demonstrationSets', input },
    }
  },
)

export const multiContext = scored(({ place, prepared, items }) => ({
  identity: {},
  step: { activity: 'multiContext', input: taskStep(place, prepared, items) },
}))

export const layerTransfer = scored<{ items: number; every: number }>(
  ({ place, prepared, items }, { every }) => {
    const layers = allLayers(prepared).filter((layer) => layer % every === 0)
    return {
      identity: { layers },
      step: { activity: 'layerTransfer', input: { ...taskStep(place, prepared, items), layers } },
    }
  },
)

export const templateTransfer = scored<{ items: number; templates: readonly string[] }>(
  ({ place, prepared, items }, { templates }) => {
    const layer = prepared.bestLayer
    const input = { ...taskStep(place, prepared, items), templates, layer }
    return { identity: { templates, layer }, step: { activity: 'templateTransfer', input } }
  },
)

export const addition = scored(({ place, prepared, items }) => ({
  identity: {},
  step: { activity: 'addition', input: taskStep(place, prepared, items) },
}))

/** θ at every L of n different (S, x'): the dev items' draws, gone on with where there are fewer. */
export const decodabilityThetas: UnitKind = {
  plan(db, place, given) {
    const { thetas } = given as { thetas: number }
    const prepared = preparedTask(db, place.sweepId, place.model, place.task)
    const { dev: items } = drawItems(place.task, populationOf(db, place.sweepId, place.task, prepared), {
      ...prepared.protocol,
      devItems: thetas,
      testItems: 0,
      baselineItems: 0,
    })
    const parts = thetaParts(allLayers(prepared), thetas, prepared.dModel)
    return {
      identity: {
        ...commonIdentity(prepared),
        items: sha256(canonicalJson(items)),
        parts: parts.map(({ layers, end }) => [layers.length, end]),
      },
      modelHash: prepared.row.model_hash,
      next(runId) {
        const part = missingPart(db, runId, parts)
        if (!part) return null
        const { layers, first, end } = part
        const input = { ...taskStep(place, prepared, items.slice(first, end)), layers, firstItem: first }
        return {
          name: `thetas ${layers[0] ?? 0} ${first}`,
          step: { activity: 'decodabilityThetas', input },
        }
      },
    }
  },
  record: (db, runId, result) => saveThetas(db, runId, result as Thetas),
}

/** A classifier over the θ of all tasks. */
export const decodability: UnitKind = {
  plan(db, place) {
    const { modelHash, seed, thetas, of } = analysisOf(db, place, 'decodability_thetas')
    return {
      identity: { of },
      modelHash,
      next: (runId) =>
        hasRows(db, 'unit_scores', runId)
          ? null
          : { name: 'decode', step: { activity: 'decodeTasks', input: { seed, thetas } } },
    }
  },
  record: (db, runId, result) => saveScores(db, runId, (result as Scores).scores),
}
