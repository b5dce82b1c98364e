import { z } from 'zod'
import { bestOf } from '../../domain/best-layer.js'
import { TaskvecError } from '../../domain/errors.js'
import { canonicalJson } from '../../domain/identity.js'
import { figurePerModel, table } from '../../figures/section.js'
import { thetas, unitScores } from '../../store/schema/units.js'
import { drawItems } from '../../tasks/sampling.js'
import { count, layer } from '../settings.js'
import {
  analysisStep,
  onlyStep,
  passesOf,
  passesStep,
  rowsOf,
  type Analysis,
  type Experiment,
  type UnitKind,
} from '../experiment.js'
import { scoreRows } from '../scores.js'
import { commonIdentity, hashOf, overTasks, perTask, taskStep, thetasOfTasks } from '../task-units.js'
import { missingPart, thetaParts, thetaRows } from '../thetas.js'
import { distanceHistograms } from './distance-histograms.js'
import { distancesTable } from './distances-table.js'
import { robustnessLayers, robustnessThetas } from './forward-passes.js'
import { separateStored, type SeparationResult } from './separate-tasks.js'
import { robustnessView, thetaDistances, thetaMapView, thetaPoints } from './tables.js'
import { thetaMap } from './theta-map.js'

const settings = z
  .strictObject({
    demonstrations: count.default(4),
    /** θ per task. */
    thetas: z.int().min(2).max(1000).default(50),
    devItems: count.default(50),
    /** The layers L to choose from, both ends included; null: the authors' 10..19 of 32, scaled to the model. */
    layers: z.strictObject({ from: layer, to: layer }).optional(),
  })
  .superRefine(({ layers }, context) => {
    if (layers && layers.from > layers.to)
      context.addIssue({
        code: 'custom',
        path: ['layers'],
        message: `from (${layers.from}) is greater than to (${layers.to})`,
      })
  })
  .transform(({ layers = null, ...rest }) => ({ ...rest, layers }))

type Settings = z.output<typeof settings>

const layersPasses = passesOf('robustnessLayers', 'robustness (layers)', robustnessLayers)
const thetasPasses = passesOf('robustnessThetas', 'robustness (θ)', robustnessThetas)

/** Robustness of one task: accuracy by L on separate dev items, then θ at the best L, in parts. */
const ofOneTask: UnitKind<Settings> = {
  passes: [layersPasses, thetasPasses],
  table: thetas,
  hands: ({ devItems, demonstrations }) => [
    { setting: 'robustness: devItems', split: 'dev', items: devItems, demonstrations },
  ],
  plan({ place, task }, given) {
    const of = task(place.task)
    const items = drawItems(place.task, of.population(), {
      ...of.protocol,
      demonstrations: given.demonstrations,
      devItems: given.devItems,
      testItems: given.thetas,
      baselineItems: 0,
    })
    const layers = layersOf(given, of.blocks, place.model)
    const parts = thetaParts([0], items.test, of.dModel)
    return {
      identity: { ...commonIdentity(of), items: hashOf(items), layers, parts: parts.map(({ end }) => end) },
      modelHash: of.modelHash,
      next(stored) {
        const scores = stored.all(unitScores)
        const best = bestOf(scores, ({ correct }) => correct)
        if (!best)
          return passesStep('layers', layersPasses, { ...taskStep(of, items.dev), layers }, scoreRows)
        const part = missingPart(
          stored,
          parts.map((each) => ({ ...each, layers: [best.layer] })),
        )
        if (!part) return null
        const { first, end } = part
        const input = { ...taskStep(of, items.test.slice(first, end)), layer: best.layer, firstItem: first }
        return passesStep(`thetas ${first}`, thetasPasses, input, (found) => thetaRows(found, of.dModel))
      },
    }
  },
}

/** The authors' layers 10..19 of LLaMA 7B's 32, scaled. */
function layersOf({ layers }: Settings, blocks: number, model: string): number[] {
  const from = layers?.from ?? Math.round((blocks * 10) / 32)
  const to = layers?.to ?? Math.max(from, Math.round((blocks * 20) / 32) - 1)
  if (to >= blocks)
    throw new TaskvecError(
      'TASK',
      `robustness: layer ${to} is out of range: ${model} has ${blocks} blocks, so L is 0..${blocks - 1}`,
    )
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

const separation: Analysis<SeparationResult> = { activity: 'separateTasks', run: separateStored }

/** Distances and map over the θ of all tasks of a model. */
const overAllTasks: UnitKind = {
  analyses: [separation],
  table: thetaDistances,
  plan(context) {
    const { modelHash, input, of } = thetasOfTasks(context, 'robustness')
    return {
      identity: { of, seed: input.seed },
      modelHash,
      next: onlyStep(thetaDistances, analysisStep('separate', separation, input, separationRows)),
    }
  },
}

function separationRows({ edges, tasks }: SeparationResult) {
  return [
    rowsOf(
      thetaDistances,
      tasks.map(({ task, points: _points, withinHistogram, betweenHistogram, ...row }) => ({
        ...row,
        taskId: task,
        histogramEdges: canonicalJson(edges),
        withinHistogram: canonicalJson(withinHistogram),
        betweenHistogram: canonicalJson(betweenHistogram),
      })),
    ),
    rowsOf(
      thetaPoints,
      tasks.flatMap(({ task, points }) => points.map(([x, y], item) => ({ taskId: task, item, x, y }))),
    ),
  ]
}

/** Robustness of θ (docs/protocol.md, Robustness): Figures 5 and 9. */
export const robustness: Experiment<Settings> = {
  name: 'robustness',
  settings,
  units: (given, tasks) => [
    ...perTask('robustness', tasks, { experiment: 'robustness', ...given }),
    overTasks('robustness_analysis'),
  ],
  kinds: { robustness: ofOneTask, robustness_analysis: overAllTasks },
  tables: {
    robustness: {
      view: robustnessView,
      columns: [
        ...['model', 'task', 'layer', 'category', 'thetas', 'withinMean', 'withinSd', 'betweenMean'],
        ...['betweenSd', 'purity', 'silhouette'],
      ],
      order: ['task'],
      keys: ['model', 'task', 'category'],
      averaged: ['withinMean', 'betweenMean', 'purity', 'silhouette'],
    },
  },
  section: {
    id: 'robustness',
    title: 'Robustness of θ',
    units: ['robustness'],
    blocks(rows) {
      const points = rows.of(thetaMapView, {
        columns: ['model', 'task', 'category', 'item', 'x', 'y'],
        order: ['task', 'item'],
      })
      const distances = rows.of(robustnessView, {
        columns: [
          ...(['model', 'task', 'layer', 'thetas', 'withinMean', 'withinSd', 'betweenMean'] as const),
          ...(['betweenSd', 'purity', 'silhouette'] as const),
          ...(['withinHistogram', 'betweenHistogram', 'histogramEdges'] as const),
        ],
        order: ['task'],
      })
      return [
        ...figurePerModel(points, thetaMap),
        ...figurePerModel(distances, distanceHistograms),
        table(distancesTable(distances)),
      ]
    },
  },
}
