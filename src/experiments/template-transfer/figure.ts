import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import type { BeyondScore } from '../beyond/part.js'
import type { Figure } from '../../figures/figure.js'
import { intervalDots } from '../../figures/interval-dots.js'
import { config, shown, spread } from '../../figures/style.js'

/** Beyond the paper: θ of the usual prompt, patched into queries in another template. */
export function templateTransfer(rows: readonly BeyondScore[]): Figure | null {
  const points = rows.filter(({ analysis }) => analysis === 'template_transfer')
  if (points.length === 0) return null
  const values = groupBy(points, ({ model, setting }) => `${model}\n${setting}`).map(([, of]) => {
    const { model, setting } = of[0] as BeyondScore
    const { mean, sd } = meanAndSd(of.map(({ correct, items }) => correct / items))
    return {
      model,
      template: setting,
      mean,
      ...spread(mean, sd),
      tasks: of.length,
      says: `${model}, ${setting}: ${shown(mean)} ± ${shown(sd)} over ${of.length} tasks`,
    }
  })
  const models = [...new Set(points.map(({ model }) => model))]
  const y = {
    field: 'template',
    type: 'nominal',
    sort: null,
    axis: { title: 'template', ticks: false, grid: true, tickBand: 'extent' },
  } as const
  return {
    id: 'template-transfer',
    title: 'θ in another prompt template',
    caption:
      'Hypothesis accuracy at the best L with θ of the usual prompt and the query x in another template: mean over tasks, thin line: ± one standard deviation.',
    spec: {
      config,
      width: 245,
      height: { step: models.length > 2 ? 11 : 18 },
      data: { values },
      layer: intervalDots({
        ...{ y, series: 'model', names: models, x: 'mean' },
        ...{ legend: models.length > 1 ? { columns: 3 } : null, size: 46 },
      }),
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
