import type { Config } from 'vega-lite'
import { wilsonInterval } from '../statistics/wilson.js'

/**
 * Conventions of all figures. Colours are Okabe and Ito's (2008), distinct to colour-blind readers; shape, dash or place
 * always repeat what colour shows. Ink, rules and paper have fixed colours, which the page replaces in dark mode.
 */
export const ink = '#1b1b1b'
export const faint = '#6b6b6b'
const rule = '#dcdcdc'
export const paper = '#ffffff'

export const fontFamily = 'Inter'

const [blue, orange, green, purple, sky, vermilion, yellow] = [
  '#0072B2',
  '#E69F00',
  '#009E73',
  '#CC79A7',
  '#56B4E9',
  '#D55E00',
  '#C9B400',
] as const

const categoryColours: Readonly<Record<string, string>> = {
  algorithmic: blue,
  translation: orange,
  linguistic: green,
  knowledge: purple,
  custom: sky,
}

/** By kind of run: baseline recedes, hypothesis stands out. */
export const kindColours = { baseline: '#8f8f8f', hypothesis: vermilion, regular: blue } as const
export const kinds = ['baseline', 'hypothesis', 'regular'] as const

const seriesColours = [blue, vermilion, green, orange, purple, sky, yellow]
const seriesDashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4], [1, 3]] // prettier-ignore
const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down']

/** A scale that gives each name its colour, and one that gives it its dash, in order. */
export function seriesScales(names: readonly string[]) {
  const of = <T>(range: readonly T[]) => ({
    domain: [...names],
    range: names.map((_, i) => range[i % range.length] as T),
  })
  return { colour: of(seriesColours), dash: of(seriesDashes), shape: of(shapes) }
}

/** The colours of the categories that occur. */
export function categoryScale(rows: readonly { readonly category: string }[]) {
  const domain = [...new Set(rows.map(({ category }) => category))]
  return { domain, range: domain.map((category) => categoryColours[category] ?? sky) }
}

/** Colour by category, shape by place within it, and a darker shade once the shapes are used up. */
export function taskMarks(tasks: readonly { readonly task: string; readonly category: string }[]): {
  readonly colours: string[]
  readonly shapes: string[]
} {
  const used = new Map<string, number>()
  const marks = tasks.map(({ category }) => {
    const place = used.get(category) ?? 0
    used.set(category, place + 1)
    return {
      colour: darker(categoryColours[category] ?? sky, 0.65 ** Math.floor(place / shapes.length)),
      shape: shapes[place % shapes.length] as string,
    }
  })
  return { colours: marks.map(({ colour }) => colour), shapes: marks.map(({ shape }) => shape) }
}

function darker(colour: string, by: number): string {
  const parts = [1, 3, 5].map((at) => Math.round(Number.parseInt(colour.slice(at, at + 2), 16) * by))
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

export const config: Config = {
  background: paper,
  padding: 8,
  font: fontFamily,
  view: { stroke: null },
  title: {
    anchor: 'start',
    frame: 'bounds',
    color: ink,
    fontSize: 13,
    fontWeight: 600,
    offset: 12,
    subtitleColor: ink,
    subtitleFontSize: 12,
    subtitlePadding: 4,
  },
  axis: {
    labelColor: ink,
    titleColor: ink,
    titleFontWeight: 500,
    labelFontSize: 11,
    titleFontSize: 12,
    titlePadding: 8,
    gridColor: rule,
    domainColor: faint,
    tickColor: faint,
    labelLimit: 240,
    labelFlush: false,
  },
  legend: {
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 500,
    labelLimit: 260,
    // Symbols of faint or thin marks are as strong as the others.
    symbolOpacity: 1,
  },
  header: { labelColor: ink, titleColor: ink, labelFontSize: 12, labelFontWeight: 500 },
  // Only marks with a value are announced and shown on hover.
  line: { aria: false },
  area: { aria: false },
  rule: { aria: false },
}

/**
 * Width of a plot, pixels: with its axis a figure takes about 400, which fits a phone at four fifths of the size and a
 * desktop three times side by side.
 */
export const plotWidth = 335

/** Accuracies run from 0 to 1 in every figure; the padding keeps marks at the ends within the plot. */
export const accuracyY = {
  type: 'quantitative',
  scale: { domain: [0, 1] as number[], padding: 5 },
  axis: { title: 'accuracy', format: '.1f', values: [0, 0.2, 0.4, 0.6, 0.8, 1] as number[] },
} as const

/** The same horizontally, with rows named on the left. */
export const accuracyX = { ...accuracyY, axis: { ...accuracyY.axis, grid: false } } as const

/** For a heat map's fields. Viridis rises evenly in lightness, so it also works in grey and for colour-blind readers. */
export const accuracyColour = {
  field: 'accuracy',
  type: 'quantitative',
  title: 'accuracy',
  scale: { scheme: 'viridis', domain: [0, 1] as number[] },
} as const

export function layerX(title: string) {
  return {
    field: 'layer',
    type: 'quantitative',
    scale: { zero: false, nice: false, padding: 8 },
    axis: { title, grid: false, format: 'd', tickMinStep: 1 },
  } as const
}
export const depthX = {
  field: 'depth',
  type: 'quantitative',
  scale: { domain: [0, 1] as number[], padding: 8 },
  axis: { title: 'relative depth L / N', grid: false, format: '.1f', tickCount: 5 },
} as const
export const patchedAt = 'layer L after which θ is patched in'
export const takenAt = 'layer L after which θ is taken'

/** Legend of series drawn as lines: a stroke in the line's colour and dash. */
export const lineLegend = {
  orient: 'bottom',
  columns: 3,
  symbolType: 'stroke',
  symbolSize: 400,
  symbolStrokeWidth: 2.5,
} as const

export function shown(value: number): string {
  return value.toFixed(2)
}

/** An accuracy with Wilson's interval, for hovering: `0.84 [0.71, 0.92] of 50 items`. */
export function shownOf(correct: number, items: number): string {
  const { low, high } = wilsonInterval(correct, items)
  return `${shown(correct / items)} [${shown(low)}, ${shown(high)}] of ${items} items`
}

/** Mean ± standard deviation, within the bounds of an accuracy. */
export function spread(mean: number, sd: number): { readonly low: number; readonly high: number } {
  return { low: Math.max(0, mean - sd), high: Math.min(1, mean + sd) }
}
