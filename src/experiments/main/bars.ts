import { leastGain, type Bar } from '../../figures/paper-rules.js'
import type { Figure } from '../../figures/figure.js'
import { kindBars } from '../../figures/kind-bars.js'
import { config, plotWidth, shown, spread } from '../../figures/style.js'

/** Figure 4: mean accuracy of baseline, hypothesis and regular per model. `excluded`: how many pairs the rule leaves out. */
export function barsByModel(bars: readonly Bar[], excluded: number, source = ''): Figure | null {
  if (bars.length === 0) return null
  const models = [...new Set(bars.map(({ model }) => model))]
  const values = bars.map((bar) => ({
    ...bar,
    ...spread(bar.mean, bar.sd),
    says: `${bar.model}, ${bar.kind}: ${shown(bar.mean)} ± ${shown(bar.sd)} over ${bar.tasks} tasks`,
  }))
  return {
    id: source === '' ? 'figure-4' : `figure-4-${source}`,
    title: 'Figure 4: accuracy per model',
    ...(source === '' ? {} : { subtitle: source }),
    caption: `Mean over a model’s tasks with regular − baseline ≥ ${leastGain.toFixed(2)}${excluded > 0 ? `; ${excluded} left out, named below` : ''}. Thin lines: ± one standard deviation over tasks.`,
    spec: {
      config,
      width: plotWidth,
      height: 220,
      data: { values },
      layer: kindBars({ field: 'model', title: null, names: models }, 'mean'),
    },
    rows: bars.map((bar) => ({ ...bar })),
  }
}
