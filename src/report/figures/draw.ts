import * as vega from 'vega'
import { compile } from 'vega-lite'
import { visible } from '../cells.js'
import type { Figure } from '../../figures/figure.js'
import { SvgElement, SvgTree } from './svg-tree.js'

/** Missing from Vega's types. */
declare module 'vega' {
  const textMetrics: object
  class SVGStringRenderer {
    _width: number
    _height: number
    _bgcolor: string | null
    _origin: readonly [number, number]
    mark(markup: SvgTree, scene: object): unknown
    defs(markup: SvgTree): void
    svg(): unknown
  }
  function renderModule(name: string, module: { headless: typeof SVGStringRenderer }): unknown
}

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

/** Vega's fallback without a canvas assumes 0.8 of the font size per letter, which spreads legends far apart. */
Object.assign(vega.textMetrics, {
  width: ({ fontSize }: { fontSize?: number }, text: string | undefined) =>
    textWidth(String(text ?? ''), fontSize ?? 11),
})

/** Vega's renderer of SVG text, writing a tree instead: `toSVG()` then gives the tree's root. */
class SvgTreeRenderer extends vega.SVGStringRenderer {
  private readonly tree = new SvgTree()

  _render(scene: object): this {
    const [width, height] = [this._width, this._height]
    this.tree.open(
      'svg',
      { xmlns: 'http://www.w3.org/2000/svg', 'xmlns:xlink': 'http://www.w3.org/1999/xlink', version: '1.1' },
      { class: 'marks', width, height, viewBox: `0 0 ${width} ${height}` },
    )
    if (this._bgcolor) this.tree.open('rect', { width, height, fill: this._bgcolor }).close()
    this.tree.open('g', {
      fill: 'none',
      'stroke-miterlimit': 4,
      transform: `translate(${this._origin.join(',')})`,
    })
    this.mark(this.tree, scene)
    this.tree.close()
    this.defs(this.tree)
    this.tree.close()
    return this
  }

  override svg(): SvgElement | undefined {
    return this.tree.root
  }
}

vega.renderModule('svg', { headless: SvgTreeRenderer })

/** Vega-Lite warns about what it cannot draw, which here means a faulty definition. */
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
 * The figure as SVG, the same for the same rows: coordinates have two decimals. Values of marks are in
 * `aria-label`. Characters that are invalid in XML or invisible are written out.
 */
export async function drawSvg({ id, title, subtitle, spec }: Figure): Promise<SvgElement> {
  const clean = JSON.parse(
    JSON.stringify({ ...spec, title: { text: title, subtitle } }, (_, value: unknown) =>
      typeof value === 'string' ? visible(value) : value,
    ),
  ) as typeof spec
  const view = new vega.View(vega.parse(compile(clean, { logger: strict }).spec), { renderer: 'none' })
  try {
    const svg: unknown = await view.toSVG()
    if (!(svg instanceof SvgElement)) throw new Error(`figure ${id}: drawn by another renderer`)
    return ownGradients(svg, `gradient-${id.replace(/[^\w-]/g, '-')}`)
  } finally {
    view.finalize()
  }
}

/** Vega numbers gradients across a process; within a page, their names must differ between figures. */
function ownGradients({ tag, attributes, children }: SvgElement, name: string): SvgElement {
  return new SvgElement(
    tag,
    new Map(
      Array.from(attributes, ([key, value]) => [
        key,
        ['id', 'fill', 'stroke'].includes(key) ? value.replace(/^(url\(#)?gradient_\d+/, `$1${name}`) : value,
      ]),
    ),
    children.map((child) => (typeof child === 'string' ? child : ownGradients(child, name))),
  )
}
