import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { projectRoot } from '../system/home.js'

/** Number of migrations, which is the schema version of an up-to-date database. */
export function knownMigrations(): number {
  const journal = JSON.parse(
    readFileSync(join(projectRoot(), 'migrations', 'meta', '_journal.json'), 'utf8'),
  ) as { entries: unknown[] }
  return journal.entries.length
}

/** The statements that bring a database from one schema version to another. */
export function statementsBetween(from: number, to: number): string[] {
  const migrations = readMigrationFiles({ migrationsFolder: join(projectRoot(), 'migrations') })
  return migrations.slice(from, to).flatMap(({ sql }) => sql)
}

/** A table, view, index or trigger. */
export interface SchemaObject {
  readonly type: string
  readonly name: string
  readonly table: string
  /** Null for an index that SQLite creates for a key. */
  readonly sql: string | null
}

/** All objects that a database defines, except SQLite's own tables (`ANALYZE`). */
export function* schemaOf(sqlite: Database.Database): Generator<SchemaObject> {
  yield* sqlite
    .prepare(
      `select type, name, tbl_name as "table", sql from sqlite_schema
       where not (type = 'table' and name in ('sqlite_stat1', 'sqlite_stat4', 'sqlite_sequence'))`,
    )
    .iterate() as Iterable<SchemaObject>
}

const made = new Map<number, ReadonlyMap<string, SchemaObject>>()

/** The schema that the migrations create at a version, by type and name. */
export function schemaAt(version: number): ReadonlyMap<string, SchemaObject> {
  const known = made.get(version)
  if (known) return known
  const sqlite = new Database(':memory:')
  for (const statement of statementsBetween(0, version)) sqlite.exec(statement)
  const objects = new Map([...schemaOf(sqlite)].map((one) => [nameOf(one), one]))
  sqlite.close()
  made.set(version, objects)
  return objects
}

/** The object's name in messages, and its key. */
export function nameOf({ type, name }: SchemaObject): string {
  return `${type} "${name}"`
}
