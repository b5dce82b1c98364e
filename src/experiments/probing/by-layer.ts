import type { Figure } from '../../figures/figure.js'
import { groupBy } from '../../figures/paper-rules.js'
import { seriesLines } from '../../figures/series-lines.js'
import { accuracyY, config, layerX, plotWidth, shownOf } from '../../figures/style.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import type { probingView } from './tables.js'

type ProbeScore = Omit<typeof probingView.$inferSelect, 'sweep' | 'accuracy'>

/** Names of the sums of heads' outputs in figures. */
export const headSumNames: Readonly<Record<string, string>> = {
  'function-vector': 'top heads, blocks 0 to L',
  'random-heads': 'other heads of these layers',
}
const names: Readonly<Record<string, string>> = { theta: 'θ, after block L', ...headSumNames }

/** How well a linear classifier names the task, from θ and from what heads wrote, by L. */
export function probesByLayer(model: string, scores: readonly ProbeScore[]): Figure | null {
  if (scores.length === 0) return null
  const tasks = new Set(scores.map(({ task }) => task)).size
  const values = groupBy(scores, ({ vector, layer }) => `${vector} ${layer}`).map(([, of]) => {
    const { vector, layer } = of[0] as ProbeScore
    const sum = (key: 'correct' | 'items') => of.reduce((total, row) => total + row[key], 0)
    const [correct, items] = [sum('correct'), sum('items')]
    const read = names[vector] ?? vector
    return {
      ...{ model, read, layer, accuracy: correct / items, ...wilsonInterval(correct, items), items, tasks },
      says: `${model}, ${read}, L = ${layer}: ${shownOf(correct, items)}`,
    }
  })
  return {
    id: `probing-${model}`,
    title: 'Probing for the task',
    subtitle: model,
    caption: `Share of held-out prompts [S, x′, →], of ${tasks} tasks, whose task a linear classifier (nearest class mean, five-fold cross-validation) names: from θ, from what the function vector’s heads wrote up to block L, and from what as many other heads of the same layers wrote; chance is ${(1 / tasks).toFixed(2)}. Bands: Wilson’s interval, 95 %.`,
    spec: {
      config,
      width: plotWidth,
      height: 200,
      data: { values },
      layer: seriesLines({
        series: 'read',
        names: Object.values(names).filter((name) => values.some(({ read }) => read === name)),
        x: layerX('layer L'),
        y: { field: 'accuracy', axis: { ...accuracyY.axis, title: 'prompts whose task is named' } },
        legend: { columns: 1 },
        band: true,
      }),
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
