import type { SettingKey } from '../../store/settings.js'
import type { Figure, Layers } from '../../figures/figure.js'
import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import { kindBars, kindColour } from '../../figures/kind-bars.js'
import { panelPerModel } from '../../figures/panels.js'
import { accuracyY, config, kinds, lineLegend, plotWidth, shown, spread } from '../../figures/style.js'

/** Accuracies of a task in one setting, or averaged over several that share the axis's value. */
export interface TaskAtValue {
  readonly model: string
  readonly task: string
  readonly value: string | number
  readonly baseline: number
  readonly hypothesis: number
  readonly regular: number
  /** The number of sweeps averaged, and of their test items. */
  readonly sweeps: number
  readonly items: number
}

export const keyTitles: Readonly<Record<SettingKey, string>> = {
  ...{ demonstrations: 'demonstrations k', prompt: 'prompt', dummyQueries: 'dummy queries x′' },
  ...{ seed: 'seed', numerics: 'numerics', demonstrationLabels: 'labels of demonstrations' },
  ...{ order: 'order of demonstrations', dummyMayBeDemonstration: 'dummy may be a demonstration' },
  ...{ answer: 'answer', testItems: 'test items', devItems: 'dev items', baselineItems: 'baseline items' },
  ...{ layers: 'layers', models: 'model', tasks: 'task', name: 'name', sweep: 'sweep' },
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

/** Mean over tasks by the value of an axis: curves for counts. */
export function curvesByAxis(key: SettingKey, rows: readonly TaskAtValue[], rest: string): Figure | null {
  const points = meansOverTasks(rows)
  if (points.length === 0) return null
  const models = [...new Set(points.map(({ model }) => model))]
  const values = [...new Set(points.map(({ value }) => value as number))]
  return {
    ...said(key, rest, points),
    spec: { config, data: { values: points }, ...panelPerModel(models, 200, curves(key, values)) },
  }
}

/** Bars for names, for one model. */
export function barsByAxis(
  key: SettingKey,
  model: string,
  rows: readonly TaskAtValue[],
  rest: string,
): Figure | null {
  const points = meansOverTasks(rows)
  if (points.length === 0) return null
  const values = [...new Set(points.map(({ value }) => String(value)))]
  const { id, ...of } = said(key, `${rest} Thin lines: ± one standard deviation over tasks.`, points)
  return {
    ...{ id: `${id}-${model}`, subtitle: model, ...of },
    spec: {
      config,
      width: plotWidth,
      height: 220,
      data: { values: points },
      layer: kindBars({ field: 'value', title: keyTitles[key], names: values }, 'accuracy'),
    },
  }
}

function said(key: SettingKey, rest: string, points: readonly Point[]): Omit<Figure, 'spec'> {
  return {
    id: `by-${key}`,
    title: `Accuracy by ${keyTitles[key]}`,
    caption: `Test accuracy, mean over tasks (baseline: on its own items).${rest}`,
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

function curves(key: SettingKey, values: readonly number[]): Layers {
  const x = {
    field: 'value',
    type: 'quantitative',
    scale: { type: 'log', nice: false, padding: 8 },
    axis: { title: keyTitles[key], values: [...values] as number[], grid: false, format: 'd' },
  } as const
  const y = { ...accuracyY, field: 'accuracy' } as const
  const color = { ...kindColour, legend: lineLegend }
  return [
    {
      mark: { type: 'line', strokeWidth: 2.5 },
      encoding: {
        x,
        y,
        color,
        strokeDash: {
          ...kindColour,
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
