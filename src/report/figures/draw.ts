import * as vega from 'vega'
import { compile } from 'vega-lite'
import { visible } from '../cells.js'
import type { Figure } from '../../figures/figure.js'

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

declare module 'vega' {
  const textMetrics: object
}

/** Vega's own replacement for a canvas counts 0.8 of the font size for every letter: legends would stand far apart. */
Object.assign(vega.textMetrics, {
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
export async function drawSvg({ id, title, subtitle, spec }: Figure): Promise<string> {
  const clean = JSON.parse(
    JSON.stringify({ ...spec, title: { text: title, subtitle } }, (_, value: unknown) =>
      typeof value === 'string' ? visible(value) : value,
    ),
  ) as typeof spec
  const view = new vega.View(vega.parse(compile(clean, { logger: strict }).spec), { renderer: 'none' })
  try {
    return ownGradients(rounded(await view.toSVG()), id)
  } finally {
    view.finalize()
  }
}

/** Vega counts gradients over all that a process draws; within a page their names must differ from figure to figure. */
function ownGradients(svg: string, figure: string): string {
  return svg.replace(/gradient_\d+/g, `gradient-${figure.replace(/[^\w-]/g, '-')}`)
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
    .replace(markWithValue, '<$1 data-value="$3"$2$4/>')
    .replace(
      /\s(?:aria-(?!hidden)[\w-]+|role|version|xmlns(?::xlink)?|class|font-family|pointer-events)="[^"]*"/g,
      '',
    )
    .replace(/(?:<path data-value="[^"]*"[^>]*\/>){3,}/g, sharedLook)
}

const circle = /transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+),0A\3,\3,[^"]*"/

/** Thousands of marks say their colour once for all that follow each other alike, and circles are circles. */
function sharedLook(marks: string): string {
  const parts = Array.from(
    marks.matchAll(/<path( data-value="[^"]*"(?: transform="[^"]*")? d="[^"]*")([^>]*)\/>/g),
  )
  return groupConsecutive(parts, ([, , look]) => look ?? '')
    .map(([look, of]) => {
      const shapes = of.map(([, place = '']) => {
        const round = circle.exec(place)
        if (round === null) return `<path${place}/>`
        const [all, x, y, r] = round
        return `<circle${place.replace(all, `cx="${x}" cy="${y}" r="${r}"`)}/>`
      })
      // A group's opacity would be that of its marks together, so it is their fill's; outlined marks are full.
      const shared = look.includes('stroke="')
        ? look.replace(' opacity="1"', '')
        : look.replace(/ stroke-width="[^"]*"/, '').replace(' opacity=', ' fill-opacity=')
      return `<g${shared}>${shapes.join('')}</g>`
    })
    .join('')
}

function groupConsecutive<T>(rows: readonly T[], key: (row: T) => string): [string, T[]][] {
  const groups: [string, T[]][] = []
  for (const row of rows) {
    const last = groups.at(-1)
    if (last?.[0] === key(row)) last[1].push(row)
    else groups.push([key(row), [row]])
  }
  return groups
}
