/** An element of a drawing. Its attributes keep the order in which they were set. */
export class SvgElement {
  constructor(
    readonly tag: string,
    readonly attributes: ReadonlyMap<string, string>,
    /** Elements, and text as in a file: escaped. */
    readonly children: readonly (SvgElement | string)[],
  ) {}

  /** The text of a file. */
  toString(): string {
    let opening = `<${this.tag}`
    for (const [name, value] of this.attributes) opening += ` ${name}="${escapeAttribute(value)}"`
    return this.children.length === 0 ? `${opening}/>` : `${opening}>${this.children.join('')}</${this.tag}>`
  }
}

/** Vega's attribute values; null and undefined omit the attribute. */
type AttributeSet = Readonly<Record<string, string | number | null | undefined>>

/** Receives a Vega renderer's output, element by element: the interface of Vega's own `markup()`. */
export class SvgTree {
  root: SvgElement | undefined
  private readonly unclosed: {
    tag: string
    attributes: Map<string, string>
    children: (SvgElement | string)[]
  }[] = []

  open(tag: string, ...sets: readonly (AttributeSet | null | undefined)[]): this {
    const attributes = new Map<string, string>()
    for (const [name, value] of sets.flatMap((set) => Object.entries(set ?? {}))) {
      if (value !== null && value !== undefined) attributes.set(name, rounded(name, String(value)))
    }
    this.unclosed.push({ tag, attributes, children: [] })
    return this
  }

  text(text: string): this {
    if (text !== '') this.unclosed.at(-1)?.children.push(escapeText(text))
    return this
  }

  close(): this {
    const closed = this.unclosed.pop()
    if (closed === undefined) throw new Error('an element is closed that was not opened')
    const element = new SvgElement(closed.tag, closed.attributes, closed.children)
    const parent = this.unclosed.at(-1)
    if (parent) parent.children.push(element)
    else this.root = element
    return this
  }
}

const coordinates = new Set([
  'd',
  'transform',
  'x',
  'y',
  'x1',
  'x2',
  'y1',
  'y2',
  'width',
  'height',
  'viewBox',
])

/** Coordinates have two decimals, so that a drawing is the same on every machine. */
function rounded(attribute: string, value: string): string {
  if (!coordinates.has(attribute)) return value
  return value.replace(/-?\d*\.\d+(?:e-?\d+)?/g, (number) =>
    String(Math.round(Number(number) * 100) / 100 || 0),
  )
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

export function escapeAttribute(value: string): string {
  return escapeText(value)
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#x9;')
    .replaceAll('\n', '&#xA;')
    .replaceAll('\r', '&#xD;')
}
