import type { Layers } from './figure.js'
import { accuracyY, lineLegend, seriesScales } from './style.js'

type Encoding = NonNullable<Extract<Layers[number], { readonly mark: unknown }>['encoding']>

/** What is drawn, by field of the values: a line per name of `series`, over `x`. */
export interface SeriesLines {
  readonly series: string
  readonly names: readonly string[]
  readonly x: NonNullable<Encoding['x']>
  /** The field of the height, with its axis and scale, unless it is `accuracy`. */
  readonly y: {
    readonly field: string
    readonly axis?: { readonly title: string; readonly format: string; readonly values?: number[] }
    readonly scale?: {
      readonly type?: 'log'
      readonly domain?: number[]
      readonly padding: number
      readonly nice?: boolean
    }
  }
  /** Without it, a single series has no legend: the figure names it elsewhere. */
  readonly legend?: { readonly title?: string; readonly columns?: number }
  /** From `low` to `high`. */
  readonly band?: boolean
  /** Thinner lines, for one of several panels. */
  readonly panel?: boolean
}

/** Layers of a plot: lines distinct by colour and dash, points that show their value (`says`), and bands. */
export function seriesLines({ series, names, x, y, legend, band, panel }: SeriesLines): Layers {
  const scales = seriesScales(names)
  const { title = null, columns = lineLegend.columns } = legend ?? {}
  const of = { field: series, type: 'nominal', title } as const
  const key = legend || names.length > 1 ? { ...lineLegend, columns } : null
  const color = { ...of, scale: scales.colour, legend: key } as const
  const strokeDash = { ...of, scale: scales.dash, legend: key } as const
  const height = { ...accuracyY, ...y } as const
  const bands = {
    mark: { type: 'area', opacity: 0.15 },
    encoding: { x, y: { ...height, field: 'low' }, y2: { field: 'high' }, color },
  } as const
  return [
    ...(band ? [bands] : []),
    { mark: { type: 'line', strokeWidth: panel ? 2 : 2.5 }, encoding: { x, y: height, color, strokeDash } },
    {
      mark: { type: 'point', filled: true, size: panel ? 26 : 30, opacity: 1 },
      encoding: { x, y: height, color, description: { field: 'says' } },
    },
  ]
}
