import { groupBy } from './paper-rules.js'
import type { Figure } from './figure.js'
import type { Table } from './table.js'

/** A part of the report's page: paragraphs, figures, tables and code, in order. All texts are plain. */
export type Block =
  | { readonly text: string }
  | { readonly figure: Figure }
  | { readonly table: Table }
  | { readonly code: string }

export interface Section {
  readonly id: string
  readonly title: string
  readonly blocks: readonly Block[]
}

/** The contents of a report: the same for the same rows of the database. */
export interface Report {
  readonly title: string
  /** One line below it. */
  readonly subtitle: string
  readonly sections: readonly Section[]
}

export const text = (text: string): Block => ({ text })
export const table = (table: Table): Block => ({ table })

/** A block, if there is something to draw. */
export function figure(figure: Figure | null): Block[] {
  return figure === null ? [] : [{ figure }]
}

/** The figure of each model that has one; of several models, the page shows one at a time. */
export function figurePerModel<T extends { readonly model: string }>(
  rows: readonly T[],
  draw: (model: string, rows: readonly T[]) => Figure | null,
): Block[] {
  const drawn = groupBy(rows, ({ model }) => model).flatMap(([model, of]) => {
    const each = draw(model, of)
    return each === null ? [] : [{ ...each, model }]
  })
  const several = drawn.length > 1
  return drawn.map(({ model, ...each }) => ({ figure: several ? { ...each, model } : each }))
}
