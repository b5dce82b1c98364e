import { TaskvecError } from '../domain/errors.js'
import { openReadOnly } from './open.js'
import type { Query, QueryMessage } from './sql-child-process.js'
import { readStatement } from './read-statement.js'

/** The child process of one query (sql-child-process.ts): runs it, sends the result, exits. */
process.once('message', (query: Query) => {
  process.send?.(answer(query), () => process.disconnect())
})

function answer(query: Query): QueryMessage {
  try {
    const db = openReadOnly(query.db)
    db.pragma('query_only = ON')
    return { result: readStatement(db, query) }
  } catch (error) {
    const { code, message, hint } =
      error instanceof TaskvecError ? error : new TaskvecError('SQL', (error as Error).message)
    return { refused: { code, message, hint } }
  }
}
