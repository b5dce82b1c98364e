import { groupBy, meanAndSd, taskName } from '../../figures/paper-rules.js'
import type { BeyondScore } from '../beyond/part.js'
import type { Figure } from '../../figures/figure.js'
import { panelPerModel } from '../../figures/panels.js'
import { accuracyY, categoryScale, config, ink, shown, shownOf, lineLegend } from '../../figures/style.js'

/** Beyond the paper: accuracy of f(x; θ) with θ the mean over n demonstration sets, a line per task and their mean. */
export function demonstrationSets(rows: readonly BeyondScore[]): Figure | null {
  const points = rows.filter(({ analysis }) => analysis === 'demonstration_sets')
  if (points.length === 0) return null
  const ofTasks = points.map(({ model, task, category, setting, correct, items }) => ({
    model,
    task,
    category,
    sets: Number(setting),
    accuracy: correct / items,
    items,
    mean: false,
    says: `${model}, ${taskName(task)}, n = ${setting}: ${shownOf(correct, items)}`,
  }))
  const means = groupBy(ofTasks, ({ model, sets }) => `${model}\n${sets}`).map(([, of]) => {
    const { model, sets } = of[0] as (typeof ofTasks)[number]
    const { mean, sd } = meanAndSd(of.map(({ accuracy }) => accuracy))
    return {
      model,
      sets,
      accuracy: mean,
      mean: true,
      says: `${model}, mean of ${of.length} tasks, n = ${sets}: ${shown(mean)} ± ${shown(sd)}`,
    }
  })
  const models = [...new Set(points.map(({ model }) => model))]
  const x = {
    field: 'sets',
    type: 'quantitative',
    scale: { type: 'log', nice: false, padding: 8 },
    axis: {
      title: models.length > 1 ? 'sets n' : 'demonstration sets n',
      values: [...new Set(means.map(({ sets }) => sets))] as number[],
      grid: false,
      format: 'd',
    },
  } as const
  const y = { ...accuracyY, field: 'accuracy' } as const
  const color = {
    field: 'category',
    type: 'nominal',
    title: null,
    scale: categoryScale(points),
    legend: { ...lineLegend, columns: 2 },
  } as const
  return {
    id: 'demonstration-sets',
    title: 'θ averaged over demonstration sets',
    caption:
      'Hypothesis accuracy at the best L with θ the mean over n sets of demonstrations; thin: a task each, bold: their mean. Tasks with too few pairs for n sets have fewer items there.',
    spec: {
      config,
      data: { values: [...ofTasks, ...means] },
      ...panelPerModel(models, 200, [
        {
          transform: [{ filter: '!datum.mean' }],
          mark: { type: 'line', strokeWidth: 1, opacity: 0.6 },
          encoding: { x, y, color, detail: { field: 'task' } },
        },
        {
          transform: [{ filter: '!datum.mean' }],
          mark: { type: 'point', filled: true, size: 14, opacity: 0.7 },
          encoding: { x, y, color, description: { field: 'says' } },
        },
        {
          transform: [{ filter: 'datum.mean' }],
          mark: { type: 'line', strokeWidth: 3, color: ink },
          encoding: { x, y },
        },
        {
          transform: [{ filter: 'datum.mean' }],
          mark: { type: 'point', filled: true, size: 40, opacity: 1, color: ink },
          encoding: { x, y, description: { field: 'says' } },
        },
      ]),
    },
    rows: ofTasks.map(({ says: _says, mean: _mean, ...row }) => row),
  }
}
