import type { Figure } from '../../figures/figure.js'
import { groupBy, meanAndSd, taskName } from '../../figures/paper-rules.js'
import { intervalDots } from '../../figures/interval-dots.js'
import { config, shown, shownOf } from '../../figures/style.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import type { beyond } from '../../store/schema/views.js'

type LearnedScore = Pick<
  typeof beyond.$inferSelect,
  'model' | 'task' | 'setting' | 'layer' | 'items' | 'correct'
>

const names: Readonly<Record<string, string>> = {
  own: 'own θ',
  mean: 'mean θ',
  scaled: 'mean θ, scaled',
  learned: 'learned θ',
}

/** Test accuracy by task of each query's own θ, and of one for all: the mean, scaled, and learned. */
export function byTask(model: string, scores: readonly LearnedScore[]): Figure | null {
  const tested = scores.filter(({ setting }) => setting in names)
  if (tested.length === 0) return null
  const means = groupBy(scores, ({ setting }) => setting).map(
    ([setting, of]) => [setting, meanAndSd(of.map(({ correct, items }) => correct / items)).mean] as const,
  )
  const meanOf = new Map(means)
  const said = Object.entries(names).map(([setting, name]) => {
    const dev = meanOf.get(`${setting}-dev`)
    return `${name} ${shown(meanOf.get(setting) ?? NaN)}${dev === undefined ? '' : ` (dev ${shown(dev)})`}`
  })
  const values = tested.map(({ task, setting, layer, items, correct }) => ({
    ...{
      model,
      task,
      name: taskName(task),
      theta: names[setting] as string,
      layer,
      accuracy: correct / items,
    },
    ...{ ...wilsonInterval(correct, items), items },
    says: `${taskName(task)}, ${names[setting]}, L = ${layer}: ${shownOf(correct, items)}`,
  }))
  const y = {
    field: 'name',
    type: 'nominal',
    sort: null,
    axis: { title: null, grid: true, tickBand: 'extent', ticks: false },
  } as const
  return {
    id: `learned-theta-${model}`,
    title: 'θ, learned',
    subtitle: model,
    caption: `Test accuracy with θ patched in at the best L: each query’s own, and one for all queries: the mean over the dev items, that mean scaled, and that mean optimised without gradients for the dev items’ answers. Lines: Wilson’s interval, 95 %. Means over tasks: ${said.join(', ')}.`,
    spec: {
      config,
      width: 225,
      height: { step: 8 },
      data: { values },
      layer: intervalDots({
        ...{ y, series: 'theta', names: Object.values(names), x: 'accuracy' },
        ...{ legend: { columns: 2 }, size: 38 },
      }),
    },
    rows: values.map(({ says: _says, name: _name, ...row }) => row),
  }
}
