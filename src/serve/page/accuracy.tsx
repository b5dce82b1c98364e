import { wilsonInterval } from '../../statistics/wilson.js'
import type { Field } from '../api.js'

/** The kinds of runs that have an accuracy, in display order. */
export const kinds = ['hypothesis', 'regular', 'baseline'] as const
export type Kind = (typeof kinds)[number]

export interface Accuracy {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly items: number
}

/** With Wilson's interval, 95 %; null until it is known. */
export function accuracyOf(field: Field, kind: Kind): Accuracy | null {
  const value = field[kind]
  if (value === null) return null
  const items = kind === 'baseline' ? field.baselineItems : field.testItems
  return { value, items, ...wilsonInterval(Math.round(value * items), items) }
}

/** `.62`, `1.00`. */
export function short(value: number): string {
  return value.toFixed(2).replace(/^0/, '')
}

/** `0.62 [0.48, 0.74] of 50 items`. */
export function spelled({ value, low, high, items }: Accuracy): string {
  return `${value.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}] of ${items} items`
}
