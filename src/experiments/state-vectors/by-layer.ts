import type { Figure } from '../../figures/figure.js'
import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import { accuracyPanels } from '../../figures/panels.js'
import { shown } from '../../figures/style.js'
import type { beyond } from '../../store/schema/views.js'

type StateScore = Pick<typeof beyond.$inferSelect, 'model' | 'task' | 'setting' | 'layer' | 'accuracy'>

const sources = { theta: 'θ, after block L', heads: 'heads, blocks 0 to L' } as const
const averages: Readonly<Record<string, string>> = { '': 'last', inner: 'inner', momentum: 'momentum' }

/** Accuracy by L of θ and of state vectors: the last state alone, averaged, and extrapolated by momentum; mean over tasks. */
export function byLayer(model: string, scores: readonly StateScore[]): Figure | null {
  if (scores.length === 0) return null
  const values = groupBy(scores, ({ setting, layer }) => `${setting} ${layer}`).map(([, of]) => {
    const { setting, layer } = of[0] as StateScore
    const [source, average = ''] = setting.split('-') as [keyof typeof sources, string?]
    const { mean, sd } = meanAndSd(of.map(({ accuracy }) => accuracy))
    const [state, made] = [sources[source], averages[average] ?? average]
    return {
      ...{ model, state, average: made, layer, accuracy: mean, sd, tasks: of.length },
      says: `${model}, ${state}, ${made}, L = ${layer}: ${shown(mean)} ± ${shown(sd)} over ${of.length} tasks`,
    }
  })
  return {
    id: `state-vectors-${model}`,
    title: 'θ and state vectors',
    subtitle: model,
    caption:
      'Accuracy with the states of [S, x′, →] patched in at the last token of [x, →]: the residual stream after block L (θ), or the heads’ outputs in all blocks up to L; of the last arrow, averaged over the last arrows of S (inner), and extrapolated along their differences (momentum). Mean over tasks, hover: ± one standard deviation.',
    spec: accuracyPanels(
      values,
      { field: 'state', names: Object.values(sources) },
      { field: 'average', names: Object.values(averages) },
    ),
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
