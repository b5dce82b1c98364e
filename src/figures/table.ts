import { wilsonInterval } from '../statistics/wilson.js'

/** A value of a row: what JSON has, or a blob of SQLite. */
export type Value = string | number | bigint | boolean | null | Uint8Array

export type Row = Readonly<Record<string, Value>>

/** A row by position: what large tables are read and written as. */
export type Values = readonly Value[]

/** One table of the report, with the paper's layout where it has one. Also written as CSV and as LaTeX. */
export interface Table {
  /** File name without ending. */
  readonly id: string
  readonly title: string
  readonly caption: string
  /** Keys of the rows, in order, and their titles. */
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
  /** What page and LaTeX show, where that is not all: a sample. */
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
