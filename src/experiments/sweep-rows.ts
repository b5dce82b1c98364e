import type { SQLiteView } from 'drizzle-orm/sqlite-core'
import type { Category } from '../domain/types.js'
import type { Table, Values } from '../figures/table.js'

/** What an experiment reads of a sweep's stored results, and the tables that it gives to `taskvec results`. */

export const filterNames = ['model', 'task', 'category', 'kind', 'layer'] as const
export type FilterName = (typeof filterNames)[number]

export interface ResultFilter {
  readonly model?: string | undefined
  readonly task?: string | undefined
  readonly kind?: string | undefined
  readonly layer?: number | undefined
  readonly category?: string | undefined
}

export type ColumnType = 'text' | 'whole' | 'real' | 'truth'

/** A row of a view, with its task's category. */
export type ViewRow<View extends SQLiteView> = View['$inferSelect'] & { readonly category: Category }

/** `model` and `task` are in the config's order; `byLength`: 2 before 10. */
export type Order = string | { readonly byLength: string }

export interface ViewQuery<View extends SQLiteView, Column extends keyof ViewRow<View>> {
  readonly columns: readonly Column[]
  /** After the models. */
  readonly order: readonly Order[]
  /** Only rows with one of these values. */
  readonly where?: { readonly [Name in keyof View['$inferSelect']]?: readonly View['$inferSelect'][Name][] }
}

/** One sweep, filtered by `filter`. */
export interface SweepRows {
  readonly filter: ResultFilter
  of<View extends SQLiteView, Column extends keyof ViewRow<View>>(
    view: View,
    query: ViewQuery<View, Column>,
  ): Pick<ViewRow<View>, Column>[]
  /** The mean of `of` over the rows that share `by` and have items, computed by SQLite. */
  means<View extends SQLiteView, By extends keyof View['$inferSelect']>(
    view: View,
    query: {
      readonly by: readonly By[]
      readonly of: keyof View['$inferSelect']
      readonly where: ViewQuery<View, never>['where']
    },
  ): (Pick<View['$inferSelect'], By> & { readonly mean: number; readonly count: number })[]
  /** Tasks prepared for a model. */
  tasks(): { readonly model: string; readonly task: string; readonly bestLayer: number | null }[]
  /** N by model. */
  blocks(): ReadonlyMap<string, number>
  /** A table as `taskvec results` prints it. */
  table(name: string): ResultRows
  /** Its means over the seeds of the sweep's config; null if there is only one. */
  overSeeds(name: string): ResultRows | null
}

export interface ResultRows {
  /** In order, with their types. */
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly rows: Iterable<Values>
}

/** A table that `taskvec results` prints. Rows come in the config's order and one at a time: some tables have millions. */
export interface ResultTable {
  readonly view: SQLiteView
  /** Keys of the view's columns, in order; and of `computed`. */
  readonly columns: readonly string[]
  /** Differences of two columns. */
  readonly computed?: Readonly<Record<string, readonly [minuend: string, subtrahend: string]>>
  /** Default: model, task, category and layer. */
  readonly filters?: readonly FilterName[]
  readonly order: readonly Order[]
  /** Its accuracies, each with the column that counts its items; `counts`: the columns hold numbers of correct items instead. */
  readonly accuracies?: Readonly<Record<string, string>>
  readonly counts?: true
  /** Columns that can be averaged over several seeds; `keys` identify the rows (default: the model and the columns of `order`). */
  readonly averaged?: readonly string[]
  readonly keys?: readonly string[]
  /** The table in the paper's layout; the last one has all rows. */
  paper?(rows: SweepRows): Table[]
}
