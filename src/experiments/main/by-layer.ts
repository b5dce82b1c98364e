import type { TopLevelSpec } from 'vega-lite'
import {
  learnedAbove,
  learnedTasks,
  meanCurves,
  taskName,
  type CurvePoint,
} from '../../figures/paper-rules.js'
import type { layers } from '../../store/schema/views.js'
import type { ViewRow } from '../sweep-rows.js'
import type { Figure } from '../../figures/figure.js'
import { panelPerModel } from '../../figures/panels.js'
import { seriesLines } from '../../figures/series-lines.js'
import {
  accuracyY,
  categoryScale,
  config,
  depthX,
  ink,
  layerX,
  lineLegend,
  patchedAt,
  plotWidth,
  shown,
  shownOf,
  spread,
} from '../../figures/style.js'

/** One cell of the by-layer curves, on the dev items. */
export type LayerCell = Omit<ViewRow<typeof layers>, 'sweep' | 'reused'>

/** With more models than this, bands would cover each other. */
const mostBands = 3

/** Figure 3: mean over the learned tasks by L (or by L / N), band ± one standard deviation, a line per model. */
export function meanByLayer(curves: readonly CurvePoint[], over: 'layer' | 'depth'): Figure | null {
  if (curves.length === 0) return null
  const models = [...new Set(curves.map(({ model }) => model))]
  const banded = models.length <= mostBands
  const values = curves.map((point) => ({
    ...point,
    ...spread(point.mean, point.sd),
    says: `${point.model}, L = ${point.layer} (L / N = ${shown(point.depth)}): ${shown(point.mean)} ± ${shown(point.sd)} over ${point.tasks} tasks`,
  }))
  const x = over === 'layer' ? layerX(patchedAt) : depthX
  const layer = seriesLines({
    series: 'model',
    names: models,
    x,
    y: { field: 'mean' },
    band: banded,
  })
  return {
    id: `figure-3-by-${over}`,
    title: over === 'layer' ? 'Figure 3: accuracy by layer' : 'Figure 3 by relative depth',
    caption: `Dev accuracy of the hypothesis run: mean over a model’s tasks whose best dev accuracy exceeds ${learnedAbove}; ${banded ? 'band' : 'hover'}: ± one standard deviation over tasks.`,
    spec: { config, width: plotWidth, height: 230, data: { values }, layer },
    rows: curves.map((point) => ({ ...point })),
  }
}

/** Lines coloured by their task's category. */
function byCategory(cells: readonly LayerCell[]) {
  return {
    field: 'category',
    type: 'nominal',
    title: null,
    scale: categoryScale(cells),
    legend: { ...lineLegend, columns: 2 },
  } as const
}

/** All models on shared axes: a panel each, a thin line per task, bold their mean over the learned ones. */
export function modelsByLayer(cells: readonly LayerCell[]): Figure | null {
  const models = [...new Set(cells.map(({ model }) => model))]
  if (models.length < 2) return null
  const curves = meanCurves(cells, new Map()).map((point) => ({
    ...point,
    of: 'mean',
    accuracy: point.mean,
    says: `${point.model}, mean of ${point.tasks} tasks, L = ${point.layer}: ${shown(point.mean)} ± ${shown(point.sd)}`,
  }))
  const values = [...cells.map((cell) => ({ ...cell, of: 'task' })), ...curves]
  const x = layerX('L')
  const y = { ...accuracyY, field: 'accuracy' } as const
  const only = (of: string) => [{ filter: `datum.of === '${of}'` }]
  const color = byCategory(cells)
  return {
    id: 'by-layer',
    title: 'Accuracy of θ alone by layer, all models',
    caption: `Dev accuracy of the hypothesis run by L, a thin line per task; bold: mean of the tasks above ${learnedAbove} at their best L.`,
    spec: {
      config,
      data: { values },
      ...panelPerModel(models, 120, [
        {
          transform: only('task'),
          mark: { type: 'line', strokeWidth: 1, opacity: 0.6 },
          encoding: { x, y, detail: { field: 'task' }, color },
        },
        {
          transform: only('mean'),
          mark: { type: 'line', strokeWidth: 3, color: ink },
          encoding: { x, y },
        },
        {
          transform: only('mean'),
          mark: { type: 'point', filled: true, size: 26, opacity: 1, color: ink },
          encoding: { x, y, description: { field: 'says' } },
        },
      ]),
    },
    rows: curves.map(({ says: _says, of: _of, accuracy: _accuracy, ...row }) => row),
  }
}

/** Width of a plot whose lines are named at the right. */
const labelledWidth = 245
/** A line of small type, pixels. */
const labelHeight = 12

/**
 * The place of each line's name at the right of the plot, and the point where its leader starts: at the L with the highest mean. Names are in
 * the order of these points, so that leaders do not cross.
 */
function lineLabels(cells: readonly LayerCell[]) {
  const meanAt = (layer: number) => {
    const of = cells.filter((cell) => cell.layer === layer)
    return of.reduce((sum, { accuracy }) => sum + accuracy, 0) / of.length
  }
  const layers = [...new Set(cells.map(({ layer }) => layer))]
  const best = layers.reduce((a, b) => (meanAt(b) > meanAt(a) ? b : a))
  const led = cells.filter(({ layer }) => layer === best).sort((a, b) => b.accuracy - a.accuracy)
  const gap = labelHeight / Math.max(230, led.length * labelHeight)
  // From the top, each as close to its point as the names above and below it allow.
  let above = 1 + gap
  return led.map((cell, i) => {
    const least = (led.length - 1 - i) * gap
    const place = Math.max(Math.min(cell.accuracy, above - gap), least)
    above = place
    return { ...cell, name: taskName(cell.task), place }
  })
}

/** One model's curves, a thin line per task, named at the right, and the mean over the learned ones: the README's picture too. */
export function tasksByLayer(model: string, cells: readonly LayerCell[]): Figure | null {
  if (cells.length === 0) return null
  const learned = new Set(learnedTasks(cells))
  const values = cells.map((cell) => ({
    ...cell,
    says: `${taskName(cell.task)}, L = ${cell.layer}: ${shownOf(cell.correct, cell.items)}`,
  }))
  // Depth is not drawn here, so N does not matter.
  const means = meanCurves(cells, new Map()).map((point) => ({
    ...point,
    ...spread(point.mean, point.sd),
    says: `mean of ${point.tasks} tasks, L = ${point.layer}: ${shown(point.mean)} ± ${shown(point.sd)}`,
  }))
  const x = layerX(patchedAt)
  const y = { ...accuracyY, field: 'accuracy' } as const
  const color = byCategory(cells)
  const labels = lineLabels(cells)
  const spec: TopLevelSpec = {
    config,
    width: labelledWidth,
    height: Math.max(230, labels.length * labelHeight),
    data: { values },
    layer: [
      {
        data: { values: labels },
        mark: { type: 'rule', strokeWidth: 0.8, opacity: 0.6, clip: false },
        encoding: {
          x,
          x2: { value: labelledWidth + 6 },
          y: { ...accuracyY, field: 'accuracy' },
          y2: { field: 'place' },
          color,
        },
      },
      {
        data: { values: labels },
        mark: { type: 'text', align: 'left', fontSize: 10, color: ink, clip: false, aria: false },
        encoding: {
          x: { value: labelledWidth + 8 },
          y: { ...accuracyY, field: 'place' },
          text: { field: 'name' },
        },
      },
      {
        mark: { type: 'line', strokeWidth: 1, opacity: 0.6 },
        encoding: { x, y, detail: { field: 'task' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 10, opacity: 0.6 },
        encoding: { x, y, color, description: { field: 'says' } },
      },
      {
        data: { values: means },
        mark: { type: 'area', color: ink, opacity: 0.14 },
        encoding: { x, y: { ...accuracyY, field: 'low' }, y2: { field: 'high' } },
      },
      {
        data: { values: means },
        mark: { type: 'line', strokeWidth: 3.5, color: ink },
        encoding: { x, y: { ...accuracyY, field: 'mean' } },
      },
      {
        data: { values: means },
        mark: { type: 'point', filled: true, size: 40, opacity: 1, color: ink },
        encoding: { x, y: { ...accuracyY, field: 'mean' }, description: { field: 'says' } },
      },
    ],
  }
  const mean =
    learned.size > 0
      ? ` Bold: mean of the ${learned.size} tasks above ${learnedAbove} at their best L, band: ± one standard deviation.`
      : ` No task exceeds ${learnedAbove}: no mean is drawn.`
  return {
    id: `by-layer-${model}`,
    title: 'Accuracy of θ alone by layer',
    subtitle: model,
    caption: `Dev accuracy of the hypothesis run by L; thin: a task each, named in the order at the L with the highest mean.${mean}`,
    spec,
    rows: cells.map((cell) => ({ ...cell })),
  }
}
