import type { Axis } from '../../store/settings.js'
import type { Figure, Layers } from '../../figures/figure.js'
import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import { panelPerModel } from '../../figures/panels.js'
import {
  accuracyY,
  config,
  ink,
  kindColours,
  kinds,
  lineLegend,
  plotWidth,
  shown,
  spread,
} from '../../figures/style.js'

/** Accuracies of a task in one setting, or in the mean of several that are alike in the axis. */
export interface TaskAtValue {
  readonly model: string
  readonly task: string
  readonly value: string | number
  readonly baseline: number
  readonly hypothesis: number
  readonly regular: number
}

export const axisTitles: Readonly<Record<Axis, string>> = {
  demonstrations: 'demonstrations k',
  prompt: 'prompt',
  dummyQueries: 'dummy queries x′',
  seed: 'seed',
  numerics: 'numerics',
}

interface Point {
  readonly model: string
  readonly value: string | number
  readonly kind: (typeof kinds)[number]
  readonly accuracy: number
  readonly low: number
  readonly high: number
  readonly tasks: number
  readonly says: string
}

/** Mean over tasks by the value of an axis: curves where it counts something. */
export function curvesByAxis(axis: Axis, rows: readonly TaskAtValue[], rest: string): Figure | null {
  const points = meansOverTasks(rows)
  if (points.length === 0) return null
  const models = [...new Set(points.map(({ model }) => model))]
  const values = [...new Set(points.map(({ value }) => value as number))]
  return {
    ...said(axis, rest, points),
    spec: { config, data: { values: points }, ...panelPerModel(models, 200, curves(axis, values)) },
  }
}

/** And bars where it names something, of one model. */
export function barsByAxis(
  axis: Axis,
  model: string,
  rows: readonly TaskAtValue[],
  rest: string,
): Figure | null {
  const points = meansOverTasks(rows)
  if (points.length === 0) return null
  const values = [...new Set(points.map(({ value }) => String(value)))]
  const { id, ...of } = said(axis, `${rest} Thin lines: ± one standard deviation over tasks.`, points)
  return {
    ...{ id: `${id}-${model}`, subtitle: model, ...of },
    spec: { config, width: plotWidth, height: 220, data: { values: points }, layer: bars(axis, values) },
  }
}

function said(axis: Axis, rest: string, points: readonly Point[]): Omit<Figure, 'spec'> {
  return {
    id: `by-${axis}`,
    title: `Accuracy by ${axisTitles[axis]}`,
    caption: `Mean over tasks of the test accuracy; of baseline, that of its own items.${rest}`,
    rows: points.map(({ says: _says, low: _low, high: _high, ...row }) => row),
  }
}

function meansOverTasks(rows: readonly TaskAtValue[]): Point[] {
  return groupBy(rows, ({ model, value }) => `${model}\n${value}`).flatMap(([, of]) =>
    kinds.map((kind): Point => {
      const { model, value } = of[0] as TaskAtValue
      const { mean, sd } = meanAndSd(of.map((row) => row[kind]))
      return {
        ...{ model, value, kind, accuracy: mean, tasks: of.length },
        ...spread(mean, sd),
        says: `${model}, ${value}, ${kind}: ${shown(mean)} ± ${shown(sd)} over ${of.length} tasks`,
      }
    }),
  )
}

const colour = {
  field: 'kind',
  type: 'nominal',
  title: null,
  sort: [...kinds],
  scale: { domain: [...kinds], range: kinds.map((kind) => kindColours[kind]) },
} as const

function curves(axis: Axis, values: readonly number[]): Layers {
  const x = {
    field: 'value',
    type: 'quantitative',
    scale: { type: 'log', nice: false, padding: 8 },
    axis: { title: axisTitles[axis], values: [...values] as number[], grid: false, format: 'd' },
  } as const
  const y = { ...accuracyY, field: 'accuracy' } as const
  const color = { ...colour, legend: lineLegend }
  return [
    {
      mark: { type: 'line', strokeWidth: 2.5 },
      encoding: {
        x,
        y,
        color,
        strokeDash: {
          ...colour,
          scale: { domain: [...kinds], range: [[2, 2], [1, 0], [6, 3]] }, // prettier-ignore
          legend: lineLegend,
        },
      },
    },
    {
      mark: { type: 'point', filled: true, size: 34, opacity: 1 },
      encoding: { x, y, color, description: { field: 'says' } },
    },
  ]
}

function bars(axis: Axis, values: readonly string[]): Layers {
  const x = {
    field: 'value',
    type: 'nominal',
    sort: [...values],
    axis: { title: axisTitles[axis], labelAngle: values.length > 3 ? -30 : 0 },
  } as const
  const xOffset = { field: 'kind', type: 'nominal', sort: [...kinds] } as const
  const y = { ...accuracyY, scale: { domain: [0, 1] as number[] } } as const
  return [
    {
      mark: { type: 'bar' },
      encoding: {
        x,
        xOffset,
        y: { ...y, field: 'accuracy' },
        color: { ...colour, legend: { orient: 'bottom' } },
        description: { field: 'says' },
      },
    },
    {
      mark: { type: 'rule', color: ink, opacity: 0.75 },
      encoding: { x, xOffset, y: { ...y, field: 'low' }, y2: { field: 'high' } },
    },
  ]
}
