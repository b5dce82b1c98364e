import type { Category } from '../../domain/types.js'
import { bestOf } from '../../domain/best-layer.js'
import type { LayerCell } from '../../experiments/main/by-layer.js'
import type { PaperResults } from '../paper-results.js'
import { dominance } from '../../experiments/conflicting/dominance.js'
import { table2 } from '../../experiments/conflicting/table-2.js'
import type { ResultRow } from '../../experiments/main/table-6.js'
import { mainExperiment } from '../../experiments/main/section.js'
import { figure, table, text, type Report } from '../../figures/section.js'

/** The authors' published figures drawn by the same definitions: `taskvec report --published`. */
export function publishedReport(published: PaperResults): Report {
  const cells = publishedLayerCells(published)
  const conflicting = Object.entries(published.conflicting).flatMap(([model, pairs]) =>
    pairs.map((pair) => {
      const count = (value: number) => Math.round(value * published.items.conflicting)
      return {
        model,
        taskA: pair.demonstrations,
        taskB: pair.overriding,
        layer: null,
        items: published.items.conflicting,
        regularA: count(pair.regularOnDemonstrations),
        regularB: count(pair.regularOnOverriding),
        conflictingA: count(pair.patchedOnDemonstrations),
        conflictingB: count(pair.patchedOnOverriding),
      }
    }),
  )
  return {
    title: 'In-Context Learning Creates Task Vectors',
    subtitle: 'the published results, drawn by taskvec',
    sections: [
      { id: 'source', title: 'Source', blocks: [text(published.source)] },
      mainExperiment({ rows: publishedRows(published), cells, blocks: new Map() }),
      {
        id: 'dominance',
        title: 'Dominance of θ',
        blocks: [...figure(dominance(conflicting)), table(table2(conflicting))],
      },
    ],
  }
}

/** The published accuracies as rows of a sweep. */
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

function publishedLayerCells({ main, items }: PaperResults): LayerCell[] {
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

function categoryOf(task: string): Category {
  return task.split('_')[0] as Category
}
