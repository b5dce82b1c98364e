import type { RunKind } from '../../domain/types.js'
import {
  bars,
  groupBy,
  isIncluded,
  learnedAbove,
  learnedTasks,
  leastGain,
  meanCurves,
  taskName,
  type CurvePoint,
} from '../../figures/paper-rules.js'
import { barsByModel } from './bars.js'
import { meanByLayer, modelsByLayer, tasksByLayer, type LayerCell } from './by-layer.js'
import { accuracyByTask } from './by-task.js'
import { table6, type ResultRow } from './table-6.js'
import { share, type Table } from '../../figures/table.js'
import { figure, figurePerModel, table, text, type Block, type Section } from '../../figures/section.js'

export interface MainExperiment {
  readonly rows: readonly ResultRow[]
  readonly cells: readonly LayerCell[]
  /** N by model. */
  readonly blocks: ReadonlyMap<string, number>
  /** Further tables of the same experiment, where a sweep has them. */
  readonly tables?: readonly Table[]
}

/** Figures 3 and 4, Table 6, and what the paper's rules leave out of them, by name. */
export function mainExperiment({ rows, cells, blocks, tables = [] }: MainExperiment): Section {
  const title = 'Main experiment'
  if (cells.length === 0)
    return { id: 'main', title, blocks: [text('No cell is computed yet. taskvec resume continues.')] }
  const curves = meanCurves(cells, blocks)
  const excluded = rows.filter((row) => !isIncluded(row))
  const several = new Set(cells.map(({ model }) => model)).size > 1
  return {
    id: 'main',
    title,
    blocks: [
      ...(rows.length > 0 ? [table(summary(rows, curves))] : []),
      ...figure(meanByLayer(curves, 'layer')),
      ...(several ? figure(meanByLayer(curves, 'depth')) : []),
      ...figure(modelsByLayer(cells)),
      ...figure(barsByModel(bars(rows), excluded.length)),
      ...notLearned(cells),
      ...figurePerModel(cells, tasksByLayer),
      ...figurePerModel(rows, accuracyByTask),
      ...(excluded.length > 0 ? [table(exclusions(excluded))] : []),
      ...(rows.length > 0 ? [table(table6(rows))] : []),
      ...tables.map(table),
    ],
  }
}

function summary(rows: readonly ResultRow[], curves: readonly CurvePoint[]): Table {
  const means = groupBy(bars(rows), ({ model }) => model).map(([model, of]) => {
    const mean = (kind: RunKind) => of.find((bar) => bar.kind === kind)?.mean ?? 0
    const [baseline, hypothesis, regular] = [mean('baseline'), mean('hypothesis'), mean('regular')]
    const curve = curves.filter((point) => point.model === model)
    const peak = curve.length === 0 ? null : curve.reduce((a, b) => (b.mean > a.mean ? b : a))
    return {
      model,
      tasks: of[0]?.tasks ?? 0,
      baseline: share(baseline),
      hypothesis: share(hypothesis),
      regular: share(regular),
      recovered: `${Math.round((100 * (hypothesis - baseline)) / (regular - baseline))} %`,
      peak: peak === null || peak.mean === 0 ? '' : `${share(peak.mean)} at L = ${peak.layer}`,
    }
  })
  return {
    id: 'summary',
    title: 'In short',
    caption: `Mean accuracy over the tasks of Figure 4. Recovered: (hypothesis − baseline) / (regular − baseline), the part of the demonstrations’ gain that θ alone brings. Peak: of the curve of Figure 3.`,
    columns: {
      model: 'Model',
      tasks: 'Tasks',
      baseline: 'Baseline',
      hypothesis: 'Hypothesis',
      regular: 'Regular',
      recovered: 'Recovered',
      peak: 'Peak',
    },
    align: 'lrrrrrl',
    rows: means,
  }
}

function notLearned(cells: readonly LayerCell[]): Block[] {
  const lines = groupBy(cells, ({ model }) => model).flatMap(([model, of]) => {
    const learned = new Set(learnedTasks(of))
    const others = [...new Set(of.map(({ task }) => task))].filter((task) => !learned.has(task))
    return others.length > 0 ? [`${model}: ${others.map(taskName).join(', ')}`] : []
  })
  return lines.length === 0
    ? []
    : [text(`Not in Figure 3, since no L exceeds ${learnedAbove} on dev items: ${lines.join('; ')}.`)]
}

function exclusions(rows: readonly ResultRow[]): Table {
  return {
    id: 'excluded',
    title: 'Left out of Figure 4',
    caption: `Pairs whose gain by demonstrations, regular − baseline, is below ${leastGain.toFixed(2)}: whether θ carries the task cannot be seen where demonstrations do not help.`,
    columns: { model: 'Model', task: 'Task', baseline: 'Baseline', regular: 'Regular', gain: 'Gain' },
    align: 'llrrr',
    rows: rows.map(({ model, task, baseline, regular }) => ({
      model,
      task: taskName(task),
      baseline: share(baseline),
      regular: share(regular),
      gain: share(regular - baseline),
    })),
  }
}
