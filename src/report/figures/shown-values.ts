import { escapeAttribute, SvgElement } from './svg-tree.js'

/** Marks carry their value in `aria-label`; axes and legends too, but these are groups without values. */
function valueOf({ tag, attributes, children }: SvgElement): string | undefined {
  return tag === 'g' || children.length > 0 ? undefined : attributes.get('aria-label')
}

/** For a standalone file: hovering a mark shows its value, since browsers show an SVG's titles. */
export function withTitles(svg: SvgElement): SvgElement {
  const value = valueOf(svg)
  const children =
    value === undefined
      ? svg.children.map((child) => (typeof child === 'string' ? child : withTitles(child)))
      : [new SvgElement('title', new Map(), [escapeAttribute(value)])]
  return new SvgElement(svg.tag, svg.attributes, children)
}

const ofNoUseInPages =
  /^(?:aria-(?!hidden)[\w-]+|role|version|xmlns(?::xlink)?|class|font-family|pointer-events)$/

/** For a page: values of marks are in `data-value`, for the page's script; the page itself describes the figure. */
export function forPage(svg: SvgElement): SvgElement {
  const value = valueOf(svg)
  const attributes = Array.from(svg.attributes).filter(([name]) => !ofNoUseInPages.test(name))
  if (value !== undefined) attributes.unshift(['data-value', value])
  const children = svg.children.map((child) => (typeof child === 'string' ? child : forPage(child)))
  return new SvgElement(svg.tag, new Map(attributes), sharedLooks(children))
}

type Child = SvgElement | string

/** Fewer marks than this are left unchanged. */
const fewMarks = 3

/** For thousands of marks with the same style, a group holds the style of consecutive marks. */
function sharedLooks(children: readonly Child[]): readonly Child[] {
  return consecutive(children, isValuePath).flatMap((run) =>
    run.length < fewMarks || !run.every(isValuePath)
      ? run
      : consecutive(run, (mark) => JSON.stringify(lookOf(mark))).map((marks) => {
          const [first] = marks as [SvgElement]
          return new SvgElement('g', new Map(lookOfGroup(lookOf(first))), marks.map(shapeOf))
        }),
  )
}

function isValuePath(child: Child): child is SvgElement {
  return typeof child !== 'string' && child.tag === 'path' && child.attributes.has('data-value')
}

const places = ['data-value', 'transform', 'd']

function lookOf({ attributes }: SvgElement): [name: string, value: string][] {
  return Array.from(attributes).filter(([name]) => !places.includes(name))
}

/** A group's opacity would apply to its marks together, so it becomes fill opacity; outlined marks are opaque. */
function lookOfGroup(look: readonly [name: string, value: string][]): [name: string, value: string][] {
  if (look.some(([name]) => name === 'stroke')) {
    return look.filter(([name, value]) => !(name === 'opacity' && value === '1'))
  }
  return look
    .filter(([name]) => name !== 'stroke-width')
    .map(([name, value]) => [name === 'opacity' ? 'fill-opacity' : name, value])
}

/** Where a mark is; Vega draws circles as two arcs. */
function shapeOf({ attributes }: SvgElement): SvgElement {
  const value = attributes.get('data-value') ?? ''
  const [, x, y] = /^translate\(([-\d.]+),([-\d.]+)\)$/.exec(attributes.get('transform') ?? '') ?? []
  const [, r] = /^M([\d.]+),0A\1,\1,/.exec(attributes.get('d') ?? '') ?? []
  if (x !== undefined && y !== undefined && r !== undefined) {
    return new SvgElement(
      'circle',
      new Map([['data-value', value], ...Object.entries({ cx: x, cy: y, r })]),
      [],
    )
  }
  return new SvgElement('path', new Map(Array.from(attributes).filter(([name]) => places.includes(name))), [])
}

/** Split where the key changes. */
function consecutive<T>(rows: readonly T[], key: (row: T) => unknown): T[][] {
  const runs: T[][] = []
  for (const row of rows) {
    const last = runs.at(-1)
    if (last && key(last[0] as T) === key(row)) last.push(row)
    else runs.push([row])
  }
  return runs
}
