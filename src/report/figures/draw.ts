import * as vega from 'vega'
import { compile } from 'vega-lite'
import { visible } from '../formats.js'
import type { Figure } from './figure.js'

/** Width of Inter's letters in parts of the font size: Node has no canvas to measure text with. */
const widths: readonly (readonly [letters: RegExp, width: number])[] = [
  [/[iljI.,:;|'!’′]/, 0.28],
  [/[ftr()[\]{}\- ]/, 0.36],
  [/[mwMW@%→]/, 0.88],
  [/[A-Z0-9+<>=−±≥θ]/, 0.66],
]

function textWidth(text: string, size: number): number {
  const width = (letter: string) => widths.find(([letters]) => letters.test(letter))?.[1] ?? 0.57
  return size * Array.from(text).reduce((sum, letter) => sum + width(letter), 0)
}

/** Vega's own replacement for a canvas counts 0.8 of the font size for every letter: legends would stand far apart. */
Object.assign((vega as unknown as { textMetrics: object }).textMetrics, {
  width: ({ fontSize }: { fontSize?: number }, text: string | undefined) =>
    textWidth(String(text ?? ''), fontSize ?? 11),
})

/** Vega-Lite warns of what it cannot draw: here that is a defect of a definition. */
const strict = {
  level: () => strict,
  error: refuse,
  warn: refuse,
  info: () => strict,
  debug: () => strict,
}

function refuse(...parts: readonly unknown[]): never {
  throw new Error(`figure: ${parts.map(String).join(' ')}`)
}

/**
 * The figure as SVG text, the same for the same rows: coordinates have two decimals. Values of marks stand in
 * `aria-label`. Characters that XML or a reader's eye cannot bear are written out.
 */
export async function drawSvg({ title, subtitle, spec }: Figure): Promise<string> {
  const clean = JSON.parse(
    JSON.stringify({ ...spec, title: { text: title, subtitle } }, (_, value: unknown) =>
      typeof value === 'string' ? visible(value) : value,
    ),
  ) as typeof spec
  const view = new vega.View(vega.parse(compile(clean, { logger: strict }).spec), { renderer: 'none' })
  try {
    return rounded(await view.toSVG())
  } finally {
    view.finalize()
  }
}

const coordinates = /\s(?:d|transform|x|y|x1|x2|y1|y2|width|height|viewBox)="[^"]*"/g

function rounded(svg: string): string {
  return svg.replace(coordinates, (attribute) =>
    attribute.replace(/-?\d*\.\d+(?:e-?\d+)?/g, (number) =>
      String(Math.round(Number(number) * 100) / 100 || 0),
    ),
  )
}

const markWithValue =
  /<(path|rect|text)((?:\s[\w:-]+="[^"]*")*?)\saria-label="([^"]*)"((?:\s[\w:-]+="[^"]*")*)\s*(?:\/>|><\/\1>)/g

/** A file of its own: hovering a mark shows its value, as every browser shows an SVG's titles. */
export function withTitles(svg: string): string {
  return svg.replace(markWithValue, '<$1$2 aria-label="$3"$4><title>$3</title></$1>')
}

/** Within a page: values of marks in `data-value`, for the page's script; the page itself says what the figure is. */
export function forPage(svg: string): string {
  return svg
    .replace(markWithValue, '<$1$2 data-value="$3"$4/>')
    .replace(
      /\s(?:aria-(?!hidden)[\w-]+|role|version|xmlns(?::xlink)?|class|font-family|pointer-events)="[^"]*"/g,
      '',
    )
    .replace(/<g>(<\/g>)?/g, (group, closed) => (closed === undefined ? group : ''))
}
