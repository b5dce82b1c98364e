import type { Figure } from '../../figures/figure.js'
import { seriesLines } from '../../figures/series-lines.js'
import { config, layerX, plotWidth } from '../../figures/style.js'
import { averageEffects, type MediationRow } from './average.js'
import { signed } from './head-map.js'

const names: Readonly<Record<string, string>> = {
  attention: 'attention',
  mlp: 'MLP',
  resid_post: 'residual stream',
}

/** Effects of whole layers, averaged over the tasks, by layer. */
export function effectsByLayer(model: string, rows: readonly MediationRow[]): Figure | null {
  const effects = averageEffects(rows.filter(({ component }) => component in names))
  if (effects.length === 0) return null
  const values = effects.map(({ component, layer, effect, low, high, tasks }) => ({
    ...{ model, component: names[component] as string, layer, effect, low, high, tasks },
    says: `${model}, ${names[component]} of layer ${layer}: ${signed(effect)} [${signed(low)}, ${signed(high)}] over ${tasks} tasks`,
  }))
  const shown = Object.values(names).filter((name) => values.some(({ component }) => component === name))
  const [least, most] = [
    Math.min(0, ...values.map(({ low }) => low)),
    Math.max(0, ...values.map(({ high }) => high)),
  ]
  return {
    id: `layer-effects-${model}`,
    title: 'Layers that write the task',
    subtitle: model,
    caption:
      'The mean of attention, MLP or the whole residual stream over clean prompts, patched in at the last token of prompts with shuffled labels: change of the answer’s probability, mean over tasks; bands: bootstrap over tasks, 95 %.',
    spec: {
      config,
      data: { values },
      width: plotWidth,
      height: 200,
      layer: seriesLines({
        series: 'component',
        names: shown,
        x: layerX('layer'),
        y: {
          field: 'effect',
          scale: { domain: [least, most], padding: 5, nice: true },
          axis: { title: 'effect', format: '.2~f' },
        },
        legend: {},
        band: true,
      }),
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
