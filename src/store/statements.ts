import type Database from 'better-sqlite3'
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { getTableColumns, sql as expression } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { guarded } from './open.js'

/** Prepared statements of one open database, each prepared once. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement>()
  readonly #inserts = new Map<SQLiteTable, { run(row: Record<string, unknown>): unknown }>()
  readonly #absent = new Map<SQLiteTable, Record<string, null>>()
  readonly #drizzle: BetterSQLite3Database

  constructor(
    readonly file: string,
    private readonly sqlite: Database.Database,
  ) {
    this.#drizzle = drizzle(sqlite)
  }

  /** One transaction; SQLite's errors become STORE or STORE_BUSY. */
  write<T>(work: () => T): T {
    return guarded(this.file, () => this.sqlite.transaction(work).immediate())
  }

  /** Inserts a row of the schema unless its key exists. */
  insert<Table extends SQLiteTable>(table: Table, row: Table['$inferInsert']): void {
    let statement = this.#inserts.get(table)
    if (!statement) {
      const names = Object.keys(getTableColumns(table))
      const values = Object.fromEntries(names.map((name) => [name, expression.placeholder(name)]))
      statement = this.#drizzle
        .insert(table)
        .values(values as Table['$inferInsert'])
        .onConflictDoNothing()
        .prepare()
      this.#inserts.set(table, statement)
      this.#absent.set(table, Object.fromEntries(names.map((name) => [name, null])))
    }
    statement.run({ ...this.#absent.get(table), ...row })
  }

  run(sql: string, values: readonly unknown[]): void {
    this.#statement(sql).run(...values)
  }

  /** The first column of the first row; undefined: none. */
  pluck(sql: string, values: readonly unknown[]): unknown {
    return this.#statement(sql)
      .pluck()
      .get(...values)
  }

  row(sql: string, values: readonly unknown[]): unknown {
    return this.#statement(sql).get(...values)
  }

  all(sql: string, values: readonly unknown[]): unknown[] {
    return this.#statement(sql).all(...values)
  }

  close(): void {
    this.sqlite.close()
  }

  #statement(sql: string): Database.Statement {
    const statement = this.#prepared.get(sql) ?? this.sqlite.prepare(sql)
    this.#prepared.set(sql, statement)
    return statement
  }
}
