import { copyFileSync } from 'node:fs'
import Database from 'better-sqlite3'

let copies = 0

/** A copy beside `good`, changed by `sql` as no command would change it. */
export function alteredCopy(good: string, sql: string): string {
  const file = `${good}.altered-${copies++}`
  copyFileSync(good, file)
  const db = new Database(file)
  db.pragma('foreign_keys = OFF')
  db.exec(sql)
  db.close()
  return file
}
