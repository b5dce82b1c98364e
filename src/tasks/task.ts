import type { Category, Item, Pair, ScoringRule, Split } from '../domain/types.js'
import type { RandomSource } from '../statistics/random.js'

/** Where a list's facts come from. */
export interface Source {
  readonly name: string
  readonly version?: string
  readonly licence: string
  readonly url?: string
}

interface TaskBase {
  readonly id: string
  readonly category: Category
  readonly scoring: ScoringRule
  readonly sources: readonly Source[]
}

/** A mapping written out: letters, a word list of lists/, or a user's own list. */
export interface ListTask extends TaskBase {
  readonly kind: 'list'
  /** Most frequent first in a word list. */
  readonly pairs: readonly Pair[]
  /** Only pairs whose y is one token of the model are used (docs/protocol.md, Single-token outputs). */
  readonly singleToken: boolean
}

/** Too many inputs to list: each is generated when it is drawn. */
export interface GeneratedTask extends TaskBase {
  readonly kind: 'generated'
  /** How many different inputs there are. */
  readonly size: number
  readonly generate: (random: RandomSource) => Pair
}

/** Explicit items, used exactly as written. */
export interface ItemsTask extends TaskBase {
  readonly kind: 'items'
  readonly items: Readonly<Record<Split, readonly Item[]>>
}

export type Task = ListTask | GeneratedTask | ItemsTask
