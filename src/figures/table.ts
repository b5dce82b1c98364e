import { wilsonInterval } from '../statistics/wilson.js'

/** A value of a row: a JSON value, or an SQLite blob. */
export type Value = string | number | bigint | boolean | null | Uint8Array

export type Row = Readonly<Record<string, Value>>

/** A row by position: the form in which large tables are read and written. */
export type Values = readonly Value[]

/** One table of the report, in the paper's layout if it has one. Also written as CSV and as LaTeX. */
export interface Table {
  /** File name without extension. */
  readonly id: string
  readonly title: string
  readonly caption: string
  /** Keys of the rows, in order, and their titles. */
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
  /** The rows that page and LaTeX show, if they show only a sample. */
  readonly shown?: readonly Row[]
  /** LaTeX column specification. */
  readonly align: string
}

export function share(value: number): string {
  return value.toFixed(2)
}

/** Wilson's interval, 95 %, of an accuracy. */
export function shareInterval(value: number, items: number): string {
  const { low, high } = wilsonInterval(Math.round(value * items), items)
  return `[${share(low)}, ${share(high)}]`
}
