import { bestOf } from '../domain/best-layer.js'
import type { Category } from '../domain/types.js'
import type { ConflictingRow } from '../experiments/conflicting/table-2.js'
import type { LayerCell } from '../experiments/main/by-layer.js'
import type { ResultRow } from '../experiments/main/table-6.js'
import type { PaperResults } from './paper-results.js'

/** The published accuracies as rows of a sweep: Table 6. */
export function publishedRows({ main, items }: PaperResults): ResultRow[] {
  return Object.entries(main).flatMap(([model, tasks]) =>
    Object.entries(tasks).map(([task, { baseline, hypothesis, regular, devAccuracyByLayer = [] }]) => ({
      model,
      task,
      category: categoryOf(task),
      baseline,
      hypothesis,
      regular,
      bestLayer:
        bestOf(
          devAccuracyByLayer
            .map((accuracy, layer) => ({ layer, accuracy }))
            .filter(({ accuracy }) => accuracy > 0),
          ({ accuracy }) => accuracy,
        )?.layer ?? null,
      baselineItems: items.baseline,
      testItems: items.test,
      devItems: items.dev,
    })),
  )
}

/** Figure 3. */
export function publishedLayerCells({ main, items }: PaperResults): LayerCell[] {
  return Object.entries(main).flatMap(([model, tasks]) =>
    Object.entries(tasks).flatMap(([task, { devAccuracyByLayer = [] }]) =>
      devAccuracyByLayer.map((accuracy, layer) => ({
        model,
        task,
        category: categoryOf(task),
        layer,
        accuracy,
        correct: Math.round(accuracy * items.dev),
        items: items.dev,
      })),
    ),
  )
}

/** Table 2; the layer was not published. */
export function publishedConflicting({ conflicting, items }: PaperResults): ConflictingRow[] {
  const count = (accuracy: number) => Math.round(accuracy * items.conflicting)
  return Object.entries(conflicting).flatMap(([model, pairs]) =>
    pairs.map((pair) => ({
      model,
      taskA: pair.demonstrations,
      taskB: pair.overriding,
      layer: null,
      items: items.conflicting,
      regularA: count(pair.regularOnDemonstrations),
      regularB: count(pair.regularOnOverriding),
      conflictingA: count(pair.patchedOnDemonstrations),
      conflictingB: count(pair.patchedOnOverriding),
    })),
  )
}

function categoryOf(task: string): Category {
  return task.split('_')[0] as Category
}
