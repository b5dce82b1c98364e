import { fork } from 'node:child_process'
import { TaskvecError, type ErrorCode } from '../domain/errors.js'
import { built } from '../system/built.js'

export interface Query {
  readonly db: string
  /** One statement that only reads. */
  readonly statement: string
  /** Rows at most. */
  readonly limit: number
  readonly timeoutMs: number
}

export interface QueryResult {
  readonly columns: readonly string[]
  readonly rows: readonly Readonly<Record<string, string | number | bigint | null | Uint8Array>>[]
  /** Whether there are more rows than the limit. */
  readonly more: boolean
}

export type QueryMessage =
  | { readonly result: QueryResult }
  | { readonly refused: { code: ErrorCode; message: string; hint: string | undefined } }

/** Heap of the query's process, MB; larger results are refused. */
const maxHeap = 1024

/** Runs a query in a child process, which can be killed; a running SQLite query cannot be interrupted from JavaScript. Errors: SQL, STORE. */
export async function runQuery(query: Query): Promise<QueryResult> {
  const child = fork(built('sql-child.js'), [], {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${maxHeap}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, query.timeoutMs)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new TaskvecError('SQL', `the query's process failed: ${cause.message}`, { cause })),
      )
      child.once('exit', () =>
        reject(
          late
            ? tooLong(query)
            : new TaskvecError('SQL', 'the query was stopped: its result does not fit in memory', {
                hint: 'Choose fewer columns or rows: LIMIT, WHERE, aggregates.',
              }),
        ),
      )
      child.once('message', (message: QueryMessage) => {
        if ('result' in message) return resolve(message.result)
        const { code, message: text, hint } = message.refused
        reject(new TaskvecError(code, text, hint === undefined ? {} : { hint }))
      })
      child.send(query)
    })
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

function tooLong({ timeoutMs }: Query): TaskvecError {
  return new TaskvecError('SQL', `the query was stopped after ${timeoutMs / 1000} s`, {
    hint: 'Narrow it down, or give more time: --timeout SECONDS.',
  })
}
