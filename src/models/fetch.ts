import type { CatalogModel } from './catalog.js'

export type PullEvent =
  | { readonly kind: 'step'; readonly text: string }
  | { readonly kind: 'bytes'; readonly file: string; readonly done: number; readonly total: number }

/** What a source of models gets: an empty or half-filled folder to fill, and how to report and stop. */
export interface Fetch {
  readonly model: CatalogModel
  /** A folder for this model and source; what an earlier, interrupted pull left in it is still there. */
  readonly draft: string
  readonly report: (event: PullEvent) => void
  readonly signal: AbortSignal
}
