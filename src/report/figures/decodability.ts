import { groupBy } from '../definitions.js'
import type { BeyondScore } from '../../store/report.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import type { Figure } from './figure.js'
import { accuracyY, config, layerX, seriesScales, shownOf, lineLegend, plotWidth, takenAt } from './style.js'

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
  const scales = seriesScales(models)
  const x = layerX(takenAt)
  const y = { ...accuracyY, axis: { ...accuracyY.axis, title: 'θ whose task is named' } } as const
  const legend = models.length > 1 ? lineLegend : null
  const color = { field: 'model', type: 'nominal', title: null, scale: scales.colour, legend } as const
  const strokeDash = { field: 'model', type: 'nominal', title: null, scale: scales.dash, legend } as const
  return {
    id: 'decodability',
    title: 'Decodability of the task by layer',
    caption: `Share of held-out θ, of ${tasks} tasks, whose task a linear classifier (${[...new Set(values.map(({ classifier }) => classifier.replaceAll('_', ' ')))].join(', ')}) names; chance is ${(1 / tasks).toFixed(2)}. Band: Wilson’s interval, 95 %.`,
    spec: {
      config,
      width: plotWidth,
      height: 240,
      data: { values },
      layer: [
        {
          mark: { type: 'area', opacity: 0.12 },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'line', strokeWidth: 2 },
          encoding: { x, y: { ...y, field: 'accuracy' }, color, strokeDash },
        },
        {
          mark: { type: 'point', filled: true, size: 30, opacity: 1 },
          encoding: { x, y: { ...y, field: 'accuracy' }, color, description: { field: 'says' } },
        },
      ],
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
