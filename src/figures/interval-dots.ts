import type { Layers } from './figure.js'
import { accuracyX, seriesScales } from './style.js'

type Encoding = NonNullable<Extract<Layers[number], { readonly mark: unknown }>['encoding']>
type Scale = { readonly domain: string[]; readonly range: string[] }

/** What is drawn, by field of the values: named rows, in each a dot per name of `series` with its interval from `low` to `high`. */
export interface IntervalDots {
  /** The rows. */
  readonly y: NonNullable<Encoding['y']>
  readonly series: string
  readonly names: readonly string[]
  /** The field of the dot. */
  readonly x: string
  /** Where they are not those of any series. */
  readonly scales?: { readonly colour: Scale; readonly shape: Scale }
  /** Null for a single series, which the figure names elsewhere. */
  readonly legend: { readonly columns?: number } | null
  readonly size: number
}

/** Layers of a plot: dots, distinct by colour and shape, that show their value (`says`), on lines for their intervals. */
export function intervalDots({ y, series, names, x, scales, legend, size }: IntervalDots): Layers {
  const { colour, shape } = scales ?? seriesScales(names)
  const yOffset = { field: series, type: 'nominal', sort: [...names] } as const
  const of = {
    field: series,
    type: 'nominal',
    title: null,
    legend: legend && { orient: 'bottom', ...legend },
  } as const
  const color = { ...of, scale: colour } as const
  return [
    {
      mark: { type: 'rule', strokeWidth: 1.5, opacity: 0.6 },
      encoding: { y, yOffset, x: { ...accuracyX, field: 'low' }, x2: { field: 'high' }, color },
    },
    {
      mark: { type: 'point', filled: true, size, opacity: 1 },
      encoding: {
        ...{ y, yOffset, x: { ...accuracyX, field: x }, color },
        ...{ shape: { ...of, scale: shape }, description: { field: 'says' } },
      },
    },
  ]
}
