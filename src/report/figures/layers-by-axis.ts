import { tasksByLayer, type LayerCell } from '../../experiments/main/by-layer.js'
import type { Figure } from '../../figures/figure.js'
import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import { panelPerModel } from '../../figures/panels.js'
import { figure, figurePerModel, type Block } from '../../figures/section.js'
import { seriesLines } from '../../figures/series-lines.js'
import { config, depthX, layerX, patchedAt, shown } from '../../figures/style.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import type { SettingKey } from '../../store/settings.js'
import { keyTitles } from './by-axis.js'

/** A dev accuracy by L, of a sweep's model, under the names that tell sweeps apart. */
export interface CellAtValue extends LayerCell {
  readonly value: string | number
  /** L / N. */
  readonly depth: number
}

/** With more lines, bands would cover each other. */
const mostBands = 4

/** The by-layer curves of several sweeps by one key: a line per value on shared axes, a panel per model. */
export function layersByKey(key: SettingKey, cells: readonly CellAtValue[], rest: string): Block[] {
  if (key !== 'tasks') return figure(linesByValue(key, cells, rest))
  return figurePerModel(pooled(cells), (model, of) => {
    const drawn = tasksByLayer(model, of)
    return drawn && { ...drawn, caption: `${drawn.caption}${rest}` }
  })
}

function linesByValue(key: SettingKey, cells: readonly CellAtValue[], rest: string): Figure | null {
  if (cells.length === 0) return null
  const over = key === 'models' ? 'depth' : 'layer'
  const values = groupBy(cells, ({ model, value, layer }) => `${model}\n${value}\n${layer}`).map(([, of]) =>
    meanOverTasks(of),
  )
  const names = [...new Set(cells.map(({ value }) => String(value)))]
  const models = [...new Set(cells.map(({ model }) => model))]
  const banded = names.length <= mostBands
  return {
    id: `by-layer-by-${key}`,
    title: `Accuracy of θ alone by layer and ${keyTitles[key]}`,
    caption: `Dev accuracy of the hypothesis run by ${over === 'depth' ? 'relative depth L / N' : 'L'}, mean over tasks, learned or not; ${banded ? 'bands' : 'on hover'}: Wilson’s interval, 95 %, over the dev items of all tasks.${rest}`,
    spec: {
      config,
      data: { values },
      ...panelPerModel(
        models,
        200,
        seriesLines({
          series: 'value',
          names,
          x: over === 'depth' ? depthX : layerX(models.length > 1 ? 'L' : patchedAt),
          y: { field: 'accuracy' },
          legend: { title: keyTitles[key] },
          band: banded,
          panel: models.length > 1,
        }),
      ),
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}

/** A task's dev items of all sweeps that are alike in the key. */
function pooled(cells: readonly CellAtValue[]): CellAtValue[] {
  return groupBy(cells, ({ model, value, task, layer }) => `${model}\n${value}\n${task}\n${layer}`).map(
    ([, of]) => {
      const sum = (key: 'correct' | 'items') => of.reduce((total, cell) => total + cell[key], 0)
      const [correct, items] = [sum('correct'), sum('items')]
      return { ...(of[0] as CellAtValue), correct, items, accuracy: correct / items }
    },
  )
}

function meanOverTasks(cells: readonly CellAtValue[]) {
  const tasks = pooled(cells)
  const { model, value, layer, depth } = tasks[0] as CellAtValue
  const accuracy = meanAndSd(tasks.map((task) => task.accuracy)).mean
  const items = tasks.reduce((sum, task) => sum + task.items, 0)
  const { low, high } = wilsonInterval(accuracy * items, items)
  return {
    ...{ model, value: String(value), layer, depth, accuracy, low, high, items, tasks: tasks.length },
    says: `${model}, ${value}, L = ${layer}: ${shown(accuracy)} [${shown(low)}, ${shown(high)}], mean of ${tasks.length} tasks`,
  }
}
