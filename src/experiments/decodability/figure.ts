import { groupBy } from '../../figures/paper-rules.js'
import type { BeyondScore } from '../beyond/part.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import type { Figure } from '../../figures/figure.js'
import { seriesLines } from '../../figures/series-lines.js'
import { accuracyY, config, layerX, plotWidth, shownOf, takenAt } from '../../figures/style.js'

/** Beyond the paper: how well a linear classifier names the task from one θ, by L. */
export function decodability(rows: readonly BeyondScore[]): Figure | null {
  const points = rows.filter(({ analysis }) => analysis === 'decodability')
  if (points.length === 0) return null
  const values = groupBy(points, ({ model, setting, layer }) => `${model}\n${setting}\n${layer}`).map(
    ([, of]) => {
      const { model, setting, layer } = of[0] as BeyondScore
      const sum = (key: 'correct' | 'items') => of.reduce((total, row) => total + row[key], 0)
      const [correct, items] = [sum('correct'), sum('items')]
      return {
        model,
        classifier: setting,
        layer,
        accuracy: correct / items,
        ...wilsonInterval(correct, items),
        items,
        says: `${model}, L = ${layer}: ${shownOf(correct, items).replace('items', 'θ')}`,
      }
    },
  )
  const models = [...new Set(points.map(({ model }) => model))]
  const tasks = new Set(points.map(({ task }) => task)).size
  const layer = seriesLines({
    series: 'model',
    names: models,
    x: layerX(takenAt),
    y: { field: 'accuracy', axis: { ...accuracyY.axis, title: 'θ whose task is named' } },
    band: true,
  })
  return {
    id: 'decodability',
    title: 'Decodability of the task by layer',
    caption: `Share of held-out θ, of ${tasks} tasks, whose task a linear classifier (${[...new Set(values.map(({ classifier }) => classifier.replaceAll('_', ' ')))].join(', ')}) names; chance is ${(1 / tasks).toFixed(2)}. Band: Wilson’s interval, 95 %.`,
    spec: { config, width: plotWidth, height: 240, data: { values }, layer },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
