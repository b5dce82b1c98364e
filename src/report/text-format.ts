import type { Values } from '../figures/table.js'

export const formats = ['table', 'json', 'csv', 'md', 'latex', 'parquet'] as const
export type Format = (typeof formats)[number]
export const textFormats = formats.filter((format) => format !== 'parquet')
export type TextFormat = (typeof textFormats)[number]

/** How a text format writes a table: `head`, the rows with `separator` between them, `tail`. */
export interface TextLayout {
  readonly head: string
  readonly row: (row: Values) => string
  readonly separator: string
  readonly tail: string
}
