import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { StoredRows } from '../experiments/experiment.js'
import type { Statements } from './statements.js'

/** The rows of one unit run, in the order in which they were stored. */
export function storedRows(db: Statements, runId: number): StoredRows {
  return {
    has(table, where = {}) {
      const columns = columnsOf(table)
      const given: [string, unknown][] = Object.entries(where)
      const conditions = given.map(([key]) => ` and "${columns[key]}" = ?`).join('')
      const sql = `select 1 from "${getTableName(table)}" where run_id = ?${conditions} limit 1`
      return db.pluck(sql, [runId, ...given.map(([, value]) => value)]) !== undefined
    },
    all(table) {
      const columns = Object.entries(columnsOf(table)).map(([key, name]) => `"${name}" as "${key}"`)
      const sql = `select ${columns.join(', ')} from "${getTableName(table)}" where run_id = ? order by rowid`
      return db.all(sql, [runId]) as never
    },
  }
}

function columnsOf(table: SQLiteTable): Record<string, string> {
  return Object.fromEntries(Object.entries(getTableColumns(table)).map(([key, { name }]) => [key, name]))
}
