import type Database from 'better-sqlite3'
import { getViewConfig, type SQLiteColumn, type SQLiteView } from 'drizzle-orm/sqlite-core'
import type {
  ColumnType,
  Order,
  ResultFilter,
  ResultTable,
  ViewQuery,
  ViewRow,
} from '../experiments/sweep-rows.js'

/** Rows of a sweep's views, in the config's order rather than that of insertion; the SQL is built from the schema. */

export type SqlValue = string | number | null

/** Typed rows of a view by name. */
export function viewRows<View extends SQLiteView, Column extends keyof ViewRow<View>>(
  db: Database.Database,
  view: View,
  sweepId: string,
  { columns, order, where = {} }: ViewQuery<View, Column>,
  filter: ResultFilter = {},
): Pick<ViewRow<View>, Column>[] {
  const given = Object.entries(where as Record<string, readonly unknown[]>)
  const conditions = given.map(
    ([key], i) => `${columnOf(view, key)} in (select value from json_each(@w${i}))`,
  )
  const sql = selectFrom(view, columns.map(String), order, filter, conditions)
  const values = given.map(([, among], i) => [`w${i}`, JSON.stringify(among)])
  return db.prepare(sql).all({ ...filterParameters(sweepId, filter), ...Object.fromEntries(values) }) as never
}

/** Rows of a table of `taskvec results` as arrays, read lazily, since some tables have millions. */
export function tableValues(
  db: Database.Database,
  table: ResultTable,
  sweepId: string,
  filter: ResultFilter = {},
): Iterable<SqlValue[]> {
  const { view, columns, order, computed } = table
  const sql = selectFrom(view, columns, order, filter, [], computed)
  const read = () =>
    db.prepare(sql).raw().iterate(filterParameters(sweepId, filter)) as IterableIterator<SqlValue[]>
  return { [Symbol.iterator]: read }
}

/** A table's columns, in order, with their types. */
export function columnTypes({ view, columns, computed = {} }: ResultTable): Record<string, ColumnType> {
  return Object.fromEntries(columns.map((key) => [key, key in computed ? 'real' : typeOf(view, key)]))
}

/** Means over rows that are alike; see `SweepRows`. */
export function viewMeans(
  db: Database.Database,
  view: SQLiteView,
  sweepId: string,
  { by, of, where }: { by: readonly string[]; of: string; where: Record<string, readonly unknown[]> },
): Record<string, SqlValue>[] {
  const given = Object.entries(where)
  const keys = by.map((key) => columnOf(view, key))
  const order = keys.map((key) => (key === 'v."model"' ? 'm.position' : key))
  return db
    .prepare(
      `select ${by.map((key, i) => `${keys[i]} as "${key}"`).join(', ')}, avg(${columnOf(view, of)}) as mean, count(*) as count
       from "${getViewConfig(view).name}" v join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
       where v.sweep = ? and v.items > 0 ${given.map(([key]) => `and ${columnOf(view, key)} in (select value from json_each(?))`).join(' ')}
       group by ${keys.join(', ')} order by ${order.join(', ')}`,
    )
    .all(sweepId, ...given.map(([, among]) => JSON.stringify(among))) as Record<string, SqlValue>[]
}

function selectFrom(
  view: SQLiteView,
  columns: readonly string[],
  order: readonly Order[],
  filter: ResultFilter,
  more: readonly string[],
  computed: ResultTable['computed'] = {},
): string {
  const task = columnOf(view, 'task') ?? columnOf(view, 'taskA')
  const selected = columns.map((key) => {
    const difference = computed[key]?.map((each) => columnOf(view, each)).join(' - ')
    return `${difference ?? columnOf(view, key) ?? 'p.category'} as "${key}"`
  })
  const needsCategory =
    filter.category !== undefined || (columns.includes('category') && !columnOf(view, 'category'))
  const conditions = ['v.sweep = @sweepId', ...filters(view, filter), ...more]
  const ordered = order.flatMap((key) => {
    if (typeof key === 'object')
      return [`length(${columnOf(view, key.byLength)})`, columnOf(view, key.byLength)]
    return key === 'task' ? 't.position' : columnOf(view, key)
  })
  return `select ${selected.join(', ')} from "${getViewConfig(view).name}" v
    join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
    left join sweep_tasks t on t.sweep_id = v.sweep and t.task_id = ${task}
    ${needsCategory ? `left join prepared_tasks p on p.sweep_id = v.sweep and p.model_id = v.model and p.task_id = ${task}` : ''}
    where ${conditions.join(' and ')} order by ${['m.position', ...ordered].join(', ')}`
}

/** Conditions for the filters given only, so that an index applies. */
function filters(view: SQLiteView, { model, task, category, kind, layer }: ResultFilter): string[] {
  const pair = columnOf(view, 'taskA')
  return [
    ...(model === undefined ? [] : ['v.model = @model']),
    ...(task === undefined
      ? []
      : [pair ? `(${pair} = @task or ${columnOf(view, 'taskB')} = @task)` : 'v.task = @task']),
    ...(category === undefined ? [] : ['p.category = @category']),
    ...(kind === undefined || !columnOf(view, 'analysis') ? [] : ['v.analysis = @kind']),
    ...(layer === undefined || !columnOf(view, 'layer') ? [] : ['v.layer = @layer']),
  ]
}

/** SQL parameters of a filter; null: not filtered. */
export function filterParameters(sweepId: string, filter: ResultFilter) {
  const { model = null, task = null, category = null, kind = null, layer = null } = filter
  return { sweepId, model, task, category, kind, layer }
}

function columnOf(view: SQLiteView, key: string): string | undefined {
  const column = getViewConfig(view).selectedFields[key] as SQLiteColumn | undefined
  return column && `v."${column.name}"`
}

function typeOf(view: SQLiteView, key: string): ColumnType {
  const { columnType } = getViewConfig(view).selectedFields[key] as SQLiteColumn
  return columnType === 'SQLiteText' ? 'text' : columnType === 'SQLiteReal' ? 'real' : 'whole'
}
