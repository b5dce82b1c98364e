import type { LayerCell } from '../experiments/main/by-layer.js'
import { groupBy, learnedAbove, learnedTasks, meanAndSd } from '../figures/paper-rules.js'

const bars = '▁▂▃▄▅▆▇█'

/** Figure 3 for a terminal, a line per model: mean dev accuracy over its learned tasks (all, if there are none) by L. */
export function renderLayerCurves(cells: readonly LayerCell[]): string {
  const models = groupBy(cells, ({ model }) => model)
  const width = Math.max(...models.map(([model]) => model.length))
  return models
    .map(([model, of]) => {
      const learned = new Set(learnedTasks(of))
      const shown = learned.size > 0 ? of.filter(({ task }) => learned.has(task)) : of
      const curve = groupBy(shown, ({ layer }) => layer)
        .map(([layer, at]) => ({ layer, ...meanAndSd(at.map(({ accuracy }) => accuracy)) }))
        .sort((a, b) => a.layer - b.layer)
      const peak = curve.reduce((a, b) => (b.mean > a.mean ? b : a))
      const tasks = new Set(shown.map(({ task }) => task)).size
      const which =
        tasks === 1
          ? [...shown][0]?.task
          : `mean of ${learned.size > 0 ? `${tasks} tasks above ${learnedAbove}` : `all ${tasks} tasks`}`
      return `${model.padEnd(width)}  ${sparkline(curve.map(({ mean }) => mean))}  accuracy by L, ${which}: ${peak.mean === 0 ? 'zero at every L' : `${peak.mean.toFixed(2)} at L = ${peak.layer}`}`
    })
    .join('\n')
}

/** Values from 0 to 1, a character each. */
function sparkline(values: readonly number[]): string {
  return values.map((value) => bars[Math.min(bars.length - 1, Math.floor(value * bars.length))]).join('')
}
