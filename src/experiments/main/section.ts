import {
  bars,
  groupBy,
  isIncluded,
  learnedAbove,
  learnedTasks,
  leastGain,
  meanCurves,
  taskName,
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
  /** Further tables of the same experiment, if the sweep has them. */
  readonly tables?: readonly Table[]
}

/** Figures 3 and 4, Table 6, and the tasks that the paper's rules exclude. */
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
    caption: `Pairs whose gain by demonstrations, regular − baseline, is below ${leastGain.toFixed(2)}: if demonstrations do not help, the effect of θ cannot be seen.`,
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
