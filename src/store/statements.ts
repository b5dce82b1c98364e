import type Database from 'better-sqlite3'
import { guarded } from './open.js'

/** Prepared statements of one open database, each prepared once. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement>()

  constructor(
    readonly file: string,
    private readonly sqlite: Database.Database,
  ) {}

  /** One transaction; SQLite's errors become STORE or STORE_BUSY. */
  write<T>(work: () => T): T {
    return guarded(this.file, () => this.sqlite.transaction(work).immediate())
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
