import type { CatalogModel } from './catalog.js'

export type PullEvent =
  | { readonly kind: 'step'; readonly text: string }
  | { readonly kind: 'bytes'; readonly file: string; readonly done: number; readonly total: number }

/** The input of a source of models: an empty or half-filled folder to fill, and how to report and stop. */
export interface Fetch {
  readonly model: CatalogModel
  /** A folder for this model and source; it keeps what an interrupted pull left in it. */
  readonly draft: string
  readonly report: (event: PullEvent) => void
  readonly signal: AbortSignal
}
