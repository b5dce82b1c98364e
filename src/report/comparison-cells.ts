import { bestOf } from '../domain/best-layer.js'
import type { ConflictingRow } from '../experiments/conflicting/table-2.js'
import type { ResultRow } from '../experiments/main/table-6.js'
import type { LayerRow } from '../store/results.js'
import type { ComparedAccuracy, Pairing } from './compare.js'
import type { PaperResults } from './paper-results.js'

/** What can be compared: a sweep's accuracies and the published ones, as cells. */

const kinds = ['baseline', 'hypothesis', 'regular'] as const

/** Table 6. `scores`: means of graded scores by model, task and kind, joined by newlines. */
export function cellsOf(
  rows: readonly ResultRow[],
  scores: ReadonlyMap<string, number> = new Map(),
): ComparedAccuracy[] {
  return rows.flatMap(({ model, task, baselineItems, testItems, ...row }) =>
    kinds.map((kind) =>
      cell(
        ...([model, task, kind, row[kind], kind === 'baseline' ? baselineItems : testItems] as const),
        scores.get([model, task, kind].join('\n')),
      ),
    ),
  )
}

/** Table 2: the task is the pair. */
export function conflictingCells(rows: readonly ConflictingRow[]): ComparedAccuracy[] {
  return rows.flatMap(({ model, taskA, taskB, items, ...row }) =>
    Object.entries(conflictingKinds).map(([key, kind]) => ({
      model,
      task: `${taskA}, θ of ${taskB}`,
      kind,
      correct: row[key as keyof typeof conflictingKinds],
      items,
    })),
  )
}

export const conflictingKinds = {
  regularA: 'regular, A',
  regularB: 'regular, B',
  conflictingA: 'conflicting, A',
  conflictingB: 'conflicting, B',
} as const

/** Dev accuracies of one model and task by L: Figure 3. */
export interface Curve {
  readonly model: string
  readonly task: string
  /** N. */
  readonly blocks: number
  readonly items: number
  readonly accuracies: ReadonlyMap<number, number>
  /** Means of graded scores. */
  readonly scores?: ReadonlyMap<number, number>
}

/** `blocks` gives N by model; `means`, graded scores by model, task and L, joined by newlines. */
export function curvesOf(
  rows: readonly Pick<LayerRow, 'model' | 'task' | 'layer' | 'accuracy' | 'items'>[],
  blocks: ReadonlyMap<string, number>,
  means: ReadonlyMap<string, number> = new Map(),
): Curve[] {
  const curves = new Map<string, Curve & Record<'accuracies' | 'scores', Map<number, number>>>()
  for (const { model, task, layer, accuracy, items } of rows) {
    const key = `${model}\n${task}`
    const curve = curves.get(key) ?? {
      model,
      task,
      blocks: blocks.get(model) ?? 0,
      items,
      accuracies: new Map(),
      scores: new Map(),
    }
    curves.set(key, curve)
    curve.accuracies.set(layer, accuracy)
    const mean = means.get([model, task, layer].join('\n'))
    if (mean !== undefined) curve.scores.set(layer, mean)
  }
  return [...curves.values()]
}

export function publishedCurves({ main, items }: PaperResults): Curve[] {
  return Object.entries(main).flatMap(([model, tasks]) =>
    Object.entries(tasks).flatMap(([task, { devAccuracyByLayer: curve }]) =>
      curve
        ? [{ model, task, blocks: curve.length, items: items.dev, accuracies: new Map(curve.entries()) }]
        : [],
    ),
  )
}

/** Our curves and theirs of the same task, for the models that `pairing` names. */
function pairsOf(ours: readonly Curve[], theirs: readonly Curve[], pairing: Pairing): [Curve, Curve][] {
  const others = new Map(theirs.map((curve) => [`${curve.model}\n${curve.task}`, curve]))
  return ours.flatMap((curve) =>
    pairing(curve.model).flatMap((model): [Curve, Curve][] => {
      const other = others.get(`${model}\n${curve.task}`)
      return other ? [[curve, other]] : []
    }),
  )
}

/** Their layer at the depth of ours: the same L if both have the same number of blocks. */
function atDepth(layer: number, { blocks: ours }: Curve, { blocks: theirs }: Curve): number {
  return Math.min(theirs - 1, Math.round((layer * theirs) / ours))
}

/** By-layer curves, point by point, at equal depth; `layer` is ours. */
export function curvePoints(
  ours: readonly Curve[],
  theirs: readonly Curve[],
  pairing: Pairing,
): { readonly layer: number; readonly cells: [ComparedAccuracy, ComparedAccuracy] }[] {
  return pairsOf(ours, theirs, pairing).flatMap(([curve, other]) =>
    Array.from(curve.accuracies).flatMap(([layer, accuracy]) => {
      const theirs = atDepth(layer, curve, other)
      const there = other.accuracies.get(theirs)
      if (there === undefined) return []
      const kind = `dev, L = ${layer}`
      const cells: [ComparedAccuracy, ComparedAccuracy] = [
        cell(curve.model, curve.task, kind, accuracy, curve.items, curve.scores?.get(layer)),
        cell(other.model, other.task, kind, there, other.items, other.scores?.get(theirs)),
      ]
      return [{ layer, cells }]
    }),
  )
}

export interface BestLayers {
  readonly layer: number
  readonly theirLayer: number
  readonly depth: number
  readonly theirDepth: number
}

/**
 * Whether our best L would have been as good a choice there: their dev accuracy at the depth of our best L and at
 * their own. Layers themselves have no interval; accuracies do.
 */
export function bestLayerPairs(
  ours: readonly Curve[],
  theirs: readonly Curve[],
  pairing: Pairing,
): { readonly layers: BestLayers; readonly cells: [ComparedAccuracy, ComparedAccuracy] }[] {
  return pairsOf(ours, theirs, pairing).flatMap(([curve, other]) => {
    const [layer, theirLayer] = [bestLayer(curve), bestLayer(other)]
    const there = layer === null ? undefined : other.accuracies.get(atDepth(layer, curve, other))
    if (layer === null || theirLayer === null || there === undefined) return []
    const kind = 'there, at our best L'
    const best = other.accuracies.get(theirLayer) as number
    return [
      {
        layers: { layer, theirLayer, depth: layer / curve.blocks, theirDepth: theirLayer / other.blocks },
        cells: [
          cell(curve.model, curve.task, kind, there, other.items),
          cell(other.model, other.task, kind, best, other.items),
        ],
      },
    ]
  })
}

/** The lowest L with the highest accuracy; null if that is 0. */
function bestLayer({ accuracies }: Curve): number | null {
  const points = Array.from(accuracies, ([layer, accuracy]) => ({ layer, accuracy }))
  const best = bestOf(points, ({ accuracy }) => accuracy)
  return best === undefined || best.accuracy === 0 ? null : best.layer
}

function cell(
  model: string,
  task: string,
  kind: string,
  accuracy: number,
  items: number,
  meanScore?: number,
): ComparedAccuracy {
  return { model, task, kind, correct: Math.round(accuracy * items), items, meanScore }
}
