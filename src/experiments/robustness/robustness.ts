import type { Robustness, Scores, SeparationResult, Thetas } from '../../domain/experiments.js'
import { TaskvecError } from '../../domain/errors.js'
import { canonicalJson, sha256 } from '../../domain/identity.js'
import { drawItems } from '../../tasks/sampling.js'
import type { Statements } from '../../store/statements.js'
import {
  analysisOf,
  commonIdentity,
  hasRows,
  missingPart,
  populationOf,
  preparedTask,
  saveScores,
  saveThetas,
  taskStep,
  thetaParts,
} from '../../store/unit-inputs.js'
import type { UnitKind } from '../../store/experiment-units.js'

/** Robustness of one task: accuracy by L on dev items of its own, then θ at the best L, a part at a time. */
export const robustness: UnitKind = {
  plan(db, place, given) {
    const settings = given as Robustness
    const prepared = preparedTask(db, place.sweepId, place.model, place.task)
    const items = drawItems(place.task, populationOf(db, place.sweepId, place.task, prepared), {
      ...prepared.protocol,
      demonstrations: settings.demonstrations,
      devItems: settings.devItems,
      testItems: settings.thetas,
      baselineItems: 0,
    })
    const layers = layersOf(settings, prepared.blocks, place.model)
    const parts = thetaParts([0], settings.thetas, prepared.dModel)
    return {
      identity: {
        ...commonIdentity(prepared),
        items: sha256(canonicalJson(items)),
        layers,
        parts: parts.map(({ end }) => end),
      },
      modelHash: prepared.row.model_hash,
      next(runId) {
        if (!hasRows(db, 'unit_scores', runId)) {
          const input = { ...taskStep(place, prepared, items.dev), layers }
          return { name: 'layers', step: { activity: 'robustnessLayers', input } }
        }
        const layer = bestLayer(db, runId)
        const part = missingPart(
          db,
          runId,
          parts.map((each) => ({ ...each, layers: [layer] })),
        )
        if (!part) return null
        const input = {
          ...taskStep(place, prepared, items.test.slice(part.first, part.end)),
          layer,
          firstItem: part.first,
        }
        return { name: `thetas ${part.first}`, step: { activity: 'robustnessThetas', input } }
      },
    }
  },
  record(db, runId, result) {
    if ('scores' in (result as object)) saveScores(db, runId, (result as Scores).scores)
    else saveThetas(db, runId, result as Thetas)
  },
}

/** The authors' layers 10..19 of LLaMA 7B's 32, scaled. */
function layersOf({ layers }: Robustness, blocks: number, model: string): number[] {
  const from = layers?.from ?? Math.round((blocks * 10) / 32)
  const to = layers?.to ?? Math.max(from, Math.round((blocks * 20) / 32) - 1)
  if (to >= blocks)
    throw new TaskvecError(
      'TASK',
      `robustness: layer ${to} is out of range: ${model} has ${blocks} blocks, so L is 0..${blocks - 1}`,
    )
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function bestLayer(db: Statements, runId: number): number {
  return db.pluck('select layer from unit_scores where run_id = ? order by correct desc, layer limit 1', [
    runId,
  ]) as number
}

/** Distances and map over the θ of all tasks of a model. */
export const robustnessAnalysis: UnitKind = {
  plan(db, place) {
    const { modelHash, seed, thetas, of } = analysisOf(db, place, 'robustness')
    return {
      identity: { of, seed },
      modelHash,
      next: (runId) =>
        hasRows(db, 'theta_distances', runId)
          ? null
          : { name: 'separate', step: { activity: 'separateTasks', input: { seed, thetas } } },
    }
  },
  record(db, runId, result) {
    const { edges, tasks } = result as SeparationResult
    for (const row of tasks) {
      db.run(
        `insert into theta_distances (run_id, task_id, layer, thetas, within_mean, within_sd, between_mean, between_sd, purity, silhouette,
           histogram_edges, within_histogram, between_histogram) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          runId,
          row.task,
          row.layer,
          row.thetas,
          row.withinMean,
          row.withinSd,
          row.betweenMean,
          row.betweenSd,
          row.purity,
          row.silhouette,
          canonicalJson(edges),
          canonicalJson(row.withinHistogram),
          canonicalJson(row.betweenHistogram),
        ],
      )
      row.points.forEach(([x, y], item) =>
        db.run('insert into theta_points (run_id, task_id, item, x, y) values (?, ?, ?, ?, ?)', [
          runId,
          row.task,
          item,
          x,
          y,
        ]),
      )
    }
  },
}
