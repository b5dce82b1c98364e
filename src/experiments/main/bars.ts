import { leastGain, type Bar } from '../../figures/paper-rules.js'
import type { Figure } from '../../figures/figure.js'
import { accuracyY, config, ink, kindColours, kinds, shown, spread, plotWidth } from '../../figures/style.js'

/** Figure 4: mean accuracy of baseline, hypothesis and regular per model. `excluded`: how many pairs the rule leaves out. */
export function barsByModel(bars: readonly Bar[], excluded: number, source = ''): Figure | null {
  if (bars.length === 0) return null
  const models = [...new Set(bars.map(({ model }) => model))]
  const values = bars.map((bar) => ({
    ...bar,
    ...spread(bar.mean, bar.sd),
    says: `${bar.model}, ${bar.kind}: ${shown(bar.mean)} ± ${shown(bar.sd)} over ${bar.tasks} tasks`,
  }))
  const x = {
    field: 'model',
    type: 'nominal',
    sort: models,
    axis: { title: null, labelAngle: models.length > 3 ? -30 : 0 },
  } as const
  // Bars start at 0.
  const scale = { domain: [0, 1] as number[] }
  const xOffset = { field: 'kind', type: 'nominal', sort: [...kinds] } as const
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
      layer: [
        {
          mark: { type: 'bar' },
          encoding: {
            x,
            xOffset,
            y: { ...accuracyY, scale, field: 'mean' },
            color: {
              field: 'kind',
              type: 'nominal',
              title: null,
              sort: [...kinds],
              scale: { domain: [...kinds], range: kinds.map((kind) => kindColours[kind]) },
              legend: { orient: 'bottom' },
            },
            description: { field: 'says' },
          },
        },
        {
          mark: { type: 'rule', color: ink, opacity: 0.75 },
          encoding: { x, xOffset, y: { ...accuracyY, scale, field: 'low' }, y2: { field: 'high' } },
        },
      ],
    },
    rows: bars.map((bar) => ({ ...bar })),
  }
}
