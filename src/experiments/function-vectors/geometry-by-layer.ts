import type { Figure } from '../../figures/figure.js'
import { seriesLines, type SeriesLines } from '../../figures/series-lines.js'
import { config, layerX, plotWidth } from '../../figures/style.js'
import { headSumNames } from '../probing/by-layer.js'
import type { HeadSum } from '../probing/tables.js'
import { meansOverTasks } from '../task-means.js'
import type { Angles } from './tables.js'

type Panel = 'cosine' | 'norm' | 'share'

/** From above. */
const panels: Readonly<Record<Panel, Required<Omit<SeriesLines['y'], 'field'>>>> = {
  cosine: { axis: { title: 'cosine with θ', format: '.1f' }, scale: { domain: [-1, 1], padding: 5 } },
  norm: { axis: { title: 'norm', format: '.1~s' }, scale: { type: 'log', padding: 5 } },
  share: { axis: { title: 'share of θ²', format: '.1f' }, scale: { domain: [0, 1], padding: 5 } },
}

const names = {
  theta: 'θ',
  vector: 'function vector',
  ...headSumNames,
  span: 'in the top heads’ span',
  random: 'in a random span',
}

interface Measured {
  readonly model: string
  readonly task: string
  readonly layer: number
  readonly panel: Panel
  readonly what: string
  readonly value: number
}

/** Angles and norms of θ, the function vector and the heads’ outputs, by L, mean over tasks. */
export function geometryByLayer(model: string, rows: readonly (Angles | HeadSum)[]): Figure | null {
  if (rows.length === 0) return null
  const means = meansOverTasks(rows.flatMap(measuresOf), {
    cell: ({ panel, what, layer }) => `${panel} ${what} ${layer}`,
    of: ({ value }) => value,
    resamples: 1000,
  })
  const values = means.map(({ row: { panel, what, layer }, mean, low, high, tasks }) => ({
    ...{ model, measure: panels[panel].axis.title, what, layer, mean, low, high, tasks },
    says: `${model}, ${what}, L = ${layer}: ${panels[panel].axis.title} ${shown(mean)} [${shown(low)}, ${shown(high)}] over ${tasks} tasks`,
  }))
  const all = Object.values(names).filter((name) => values.some(({ what }) => what === name))
  return {
    id: `geometry-${model}`,
    title: 'θ, function vector and heads: angles and sizes',
    subtitle: model,
    caption:
      'Cosine with the mean θ of a task after block L, norm, and share of θ’s squared norm within the span of the top heads’ mean outputs (by chance: of as many random directions); for the function vector, and for the sum that its heads, and as many other heads of the same layers, wrote up to block L. Mean over tasks; bands: bootstrap over tasks, 95 %.',
    spec: {
      config,
      spacing: 14,
      vconcat: Object.values(panels).map((y, i, { length }) => ({
        width: plotWidth,
        height: 110,
        data: { values: values.filter(({ measure }) => measure === y.axis.title) },
        layer: seriesLines({
          ...{ series: 'what', names: all, legend: { columns: 2 }, band: true, panel: true },
          x: layerX(i === length - 1 ? 'layer L' : ''),
          y: { field: 'mean', ...y },
        }),
      })),
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}

function measuresOf(row: Angles | HeadSum): Measured[] {
  const { model, task, layer } = row
  const of = (panel: Panel, what: string, value: number) => ({ model, task, layer, panel, what, value }) // prettier-ignore
  if ('vector' in row) {
    const what = headSumNames[row.vector] ?? row.vector
    return [of('cosine', what, row.cosine), of('norm', what, row.normSum)]
  }
  return [
    of('cosine', names.vector, row.cosine),
    of('norm', names.theta, row.normTheta),
    of('norm', names.vector, row.normFunctionVector),
    of('share', names.span, row.inSpan),
    of('share', names.random, row.inRandomSpan),
  ]
}

function shown(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(2) : value.toPrecision(3)
}
