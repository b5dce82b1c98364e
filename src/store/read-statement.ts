import type Database from 'better-sqlite3'
import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { Query, QueryResult } from './sql-child-process.js'

/** Runs one read-only statement. Errors: SQL. */
export function readStatement(
  db: Database.Database,
  { statement, limit }: Pick<Query, 'statement' | 'limit'>,
): QueryResult {
  try {
    return read(db, statement, limit)
  } catch (error) {
    if (error instanceof TaskvecError) throw error
    throw new TaskvecError('SQL', `the query failed: ${(error as Error).message}`, { cause: error })
  }
}

function read(db: Database.Database, statement: string, limit: number): QueryResult {
  const prepared = prepare(db, statement)
  const columns = unique(prepared.columns().map(({ name }) => name))
  const rows: QueryResult['rows'][number][] = []
  for (const values of prepared.safeIntegers(true).raw(true).iterate() as Iterable<
    QueryResult['rows'][number][string][]
  >) {
    if (rows.length === limit) return { columns, rows, more: true }
    rows.push(Object.fromEntries(columns.map((column, i) => [column, narrow(values[i] ?? null)])))
  }
  return { columns, rows, more: false }
}

function prepare(db: Database.Database, statement: string): Database.Statement {
  // ATTACH would create files, and PRAGMA can change settings; both count as reading to SQLite in some forms.
  const first =
    /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([a-z]+)/i.exec(statement)?.[1]?.toUpperCase() ?? ''
  if (!['SELECT', 'WITH', 'VALUES', 'EXPLAIN'].includes(first)) {
    throw new TaskvecError(
      'SQL',
      `only read-only statements are allowed: SELECT, WITH, VALUES or EXPLAIN, not ${first || 'an empty one'}`,
    )
  }
  try {
    const prepared = db.prepare(statement)
    if (prepared.reader && prepared.readonly) return prepared
    throw new TaskvecError('SQL', 'only read-only statements are allowed; this one would write')
  } catch (error) {
    if (error instanceof TaskvecError) throw error
    throw explained(db, error as Error)
  }
}

function explained(db: Database.Database, error: Error): TaskvecError {
  if (error.message.includes('more than one statement'))
    return new TaskvecError('SQL', 'one statement at a time')
  const missing = /no such table: (\S+)/.exec(error.message)?.[1]
  const tables = db
    .prepare("select name from sqlite_master where type in ('table', 'view') order by name")
    .pluck()
    .all() as string[]
  const near = missing === undefined ? '' : didYouMean(missing, tables)
  const hint =
    missing === undefined
      ? 'docs/schema.md describes tables and views.'
      : `There are: ${tables.filter((name) => !name.startsWith('__')).join(', ')}`
  return new TaskvecError('SQL', `${error.message}${near}`, { hint })
}

/** Two columns of one name would overwrite each other in JSON. */
function unique(names: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${count}`
  })
}

function narrow(value: QueryResult['rows'][number][string]): QueryResult['rows'][number][string] {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}
