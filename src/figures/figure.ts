import type { TopLevelSpec } from 'vega-lite'
import type { Row } from '../figures/table.js'

/** What a plot is made of, one over the other. */
export type Layers = Extract<TopLevelSpec, { readonly layer: unknown }>['layer']

/** One picture: what is drawn, what is said of it, and the numbers behind it. */
export interface Figure {
  /** File name without ending. */
  readonly id: string
  readonly title: string
  /** A second line: the model, if each has its own figure. */
  readonly subtitle?: string
  /** One of several models that have this figure each: the page shows one at a time. */
  readonly model?: string
  /** What is shown and which rules chose it; plain text. */
  readonly caption: string
  /** Vega-Lite; marks that carry a value have a `description`, which is shown on hover and on focus. */
  readonly spec: TopLevelSpec
  /** The numbers behind it, written as CSV. */
  readonly rows: readonly Row[]
}
