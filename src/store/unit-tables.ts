import type Database from 'better-sqlite3'

/** The tables with rows of unit runs: all that reference `unit_runs`. */
export function unitTables(db: Database.Database): string[] {
  return db
    .prepare(
      `select distinct t.name from sqlite_master t join pragma_foreign_key_list(t.name) f
       where t.type = 'table' and f."table" = 'unit_runs' order by t.name`,
    )
    .pluck()
    .all() as string[]
}

/** The columns that identify a row within a run, for a table whose rows belong to runs. */
export function rowKey(db: Database.Database, table: string): string[] {
  return db
    .prepare("select name from pragma_table_info(?) where pk > 0 and name <> 'run_id' order by pk")
    .pluck()
    .all(table) as string[]
}
