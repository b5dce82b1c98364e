import type { TopLevelSpec } from 'vega-lite'
import type { Row } from '../figures/table.js'

/** The layers of a plot, drawn one over the other. */
export type Layers = Extract<TopLevelSpec, { readonly layer: unknown }>['layer']

/** One figure: what is drawn, its texts, and the numbers behind it. */
export interface Figure {
  /** File name without extension. */
  readonly id: string
  readonly title: string
  /** A second line: the model, if each has its own figure. */
  readonly subtitle?: string
  /** Set if several models each have this figure: the page shows one at a time. */
  readonly model?: string
  /** What is shown, and by which rules it was selected; plain text. */
  readonly caption: string
  /** Vega-Lite; marks that carry a value have a `description`, which is shown on hover and on focus. */
  readonly spec: TopLevelSpec
  /** The numbers behind it, written as CSV. */
  readonly rows: readonly Row[]
}
