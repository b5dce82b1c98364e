import type Database from 'better-sqlite3'

/** Something in the database that cannot be as taskvec wrote it. */
export interface Problem {
  readonly where: string
  readonly message: string
}

/** Yields a problem, or null, for each thing checked. */
export type Check = (db: Database.Database) => Generator<Problem | null>
