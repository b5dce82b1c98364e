import type { Figure } from '../../figures/figure.js'
import { groupBy } from '../../figures/paper-rules.js'
import { intervalDots } from '../../figures/interval-dots.js'
import { config, shown } from '../../figures/style.js'
import { vectorNames } from '../function-vectors/by-layer.js'
import { meansOverTasks } from '../task-means.js'
import type { naturalTextView } from './tables.js'

type TextScore = Pick<
  typeof naturalTextView.$inferSelect,
  'model' | 'task' | 'template' | 'kind' | 'layer' | 'accuracy'
>

const lineEnd = '⏎'

const names: Readonly<Record<string, string>> = { none: 'nothing', ...vectorNames }

/** How often sentences continue with the answer, by template and by the vector at their last token. */
export function byTemplate(model: string, scores: readonly TextScore[]): Figure | null {
  if (scores.length === 0) return null
  const values = groupBy(scores, ({ template, kind, layer }) => `${template}\n${kind}\n${layer}`)
    .flatMap(([, of]) =>
      meansOverTasks(of, { cell: ({ template }) => template, of: ({ accuracy }) => accuracy }),
    )
    .map(({ row: { template, kind, layer }, mean, low, high, tasks }) => ({
      ...{ model, template, put: names[kind] ?? kind, layer, accuracy: mean, low, high, tasks },
    }))
  // If every L was tried, the best for each template and vector.
  const best = groupBy(values, ({ template, put }) => `${template}\n${put}`).map(([, of]) => {
    const value = of.reduce((a, b) => (b.accuracy > a.accuracy ? b : a))
    const { template, put, layer, accuracy, low, high, tasks } = value
    const place = layer === null ? '' : `, L = ${layer}`
    const interval = `[${shown(low)}, ${shown(high)}]`
    const over = tasks === 1 ? '1 task' : `${tasks} tasks`
    return {
      ...value,
      sentence: inLines(template),
      says: `${template}, ${put}${place}: ${shown(accuracy)} ${interval} over ${over}`,
    }
  })
  const several = best.length < values.length
  const y = {
    field: 'sentence',
    type: 'nominal',
    sort: null,
    axis: {
      title: null,
      ticks: false,
      grid: true,
      tickBand: 'extent',
      labelFontSize: 10,
      labelLineHeight: 11,
      labelOffset: -6,
      labelExpr: `split(datum.label, '${lineEnd}')`,
    },
  } as const
  return {
    id: `natural-text-${model}`,
    title: 'Vectors in natural text',
    subtitle: model,
    caption: `How often the continuation of a sentence with the query contains the answer, with θ replacing the last token’s state or added to it, or with the function vector or a random vector of its norm added${several ? '; at the best L of each, chosen on these same items: an upper bound' : ', each at the L that is best for it in [x, →]'}. Mean over the tasks that have the template; lines: bootstrap over tasks, 95 %.`,
    spec: {
      config,
      width: 200,
      height: { step: 11 },
      data: { values: best },
      layer: intervalDots({
        ...{ y, series: 'put', names: Object.values(names), x: 'accuracy' },
        ...{ legend: { columns: 2 }, size: 46 },
      }),
    },
    rows: values,
  }
}

/** Wraps a template for the axis; its own newlines are shown as a character. */
function inLines(template: string): string {
  const most = 30
  return template
    .split(' ')
    .reduce<string[]>((lines, word) => {
      const last = lines.at(-1)
      if (last === undefined || `${last} ${word}`.length > most) return [...lines, word]
      return [...lines.slice(0, -1), `${last} ${word}`]
    }, [])
    .join(lineEnd)
}
