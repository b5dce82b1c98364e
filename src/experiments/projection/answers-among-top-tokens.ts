import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import type { Figure } from '../../figures/figure.js'
import { panelPerModel } from '../../figures/panels.js'
import { seriesLines } from '../../figures/series-lines.js'
import { accuracyY, config, layerX, shown, takenAt } from '../../figures/style.js'
import type { projectionAnswersView } from './tables.js'

type ProjectedAnswers = Omit<typeof projectionAnswersView.$inferSelect, 'sweep' | 'meanRank' | 'meanLogProb'>

const tops = ['top1', 'top20', 'top100'] as const
const names = { top1: 'top 1', top20: 'top 20', top100: 'top 100' }

/** With Tables 3 and 7: whether the projection of the mean θ names the task's answers, by L, mean over tasks. */
export function answersAmongTopTokens(rows: readonly ProjectedAnswers[]): Figure | null {
  if (rows.length === 0) return null
  const models = groupBy(rows, ({ model }) => model).map(([model]) => model)
  const values = groupBy(rows, ({ model, layer }) => `${model}\n${layer}`).flatMap(([, of]) =>
    tops.map((top) => {
      const { model, layer } = of[0] as ProjectedAnswers
      const { mean, sd } = meanAndSd(of.map((row) => row[top] / row.items))
      return {
        model,
        layer,
        among: names[top],
        share: mean,
        sd,
        tasks: of.length,
        says: `${model}, L = ${layer}, ${names[top]}: ${shown(mean)} ± ${shown(sd)} over ${of.length} tasks`,
      }
    }),
  )
  const layer = seriesLines({
    series: 'among',
    names: Object.values(names),
    x: layerX(models.length > 1 ? 'layer L' : takenAt),
    y: { field: 'share', axis: { ...accuracyY.axis, title: 'share of answers' } },
    legend: { title: 'answer among the' },
    panel: true,
  })
  return {
    id: 'projected-answers',
    title: 'Answers among the top tokens of θ',
    caption:
      'The mean θ of a task through the final norm and the unembedding, after every L: share of the test items whose answer is among the top tokens; mean over tasks, hover: ± one standard deviation.',
    spec: { config, data: { values }, ...panelPerModel(models, 180, layer) },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
