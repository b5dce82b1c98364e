import type Database from 'better-sqlite3'

const kept = new WeakMap<Database.Database, Map<string, Database.Statement>>()

/** A cached prepared statement, since preparing takes longer than reading a few rows. Only for statements that are read at once. */
export function keptStatement(db: Database.Database, sql: string): Database.Statement {
  const statements = kept.get(db) ?? new Map<string, Database.Statement>()
  kept.set(db, statements)
  const statement = statements.get(sql) ?? db.prepare(sql)
  statements.set(sql, statement)
  return statement
}
