import type Database from 'better-sqlite3'

/** Something in the database that cannot be as it was written. */
export interface Problem {
  readonly where: string
  readonly message: string
}

/** Yields null for everything that is as it should be. */
export type Check = (db: Database.Database) => Generator<Problem | null>
