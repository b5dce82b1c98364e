import { outsideCause } from './outside-causes.js'

/**
 * Every failure a user can meet. `message` says what was found and where (file, line, key); `hint` says what
 * to do next. `retryable` decides whether Temporal tries the activity again (see activities/failures.ts).
 */

const retryable = {
  CONFIG: false, // the config, a word list or an items file is wrong
  TASK: false, // a task cannot be prepared: unknown, too few pairs, L out of range
  MODEL: false, // unknown model, missing files, unsupported architecture or value
  WEIGHTS: false, // a checkpoint or tokenizer file is truncated, altered or malformed
  STORE: false, // database newer than the code, read-only, corrupt
  STORE_BUSY: true, // database locked, disk full: may be temporary
  SQL: false, // a query of `taskvec sql` was refused or stopped
  WORKER: true, // this worker cannot do it, another may
  ENGINE: true, // the engine process died or failed: another may succeed
  SERVER: true, // the Temporal server cannot be reached or started
  DOWNLOAD: true, // a download failed or did not match its hash
  USAGE: false, // wrong command line
  SYSTEM: true, // memory, addresses, a full disk: not the program's fault
  CANCELLED: true, // the worker is shutting down: another one takes over
} as const

export type ErrorCode = keyof typeof retryable

export class TaskvecError extends Error {
  override readonly name = 'TaskvecError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** Last lines of output of the failed process; '' if there are none. */
  readonly log: string

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; cause?: unknown; log?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.log = options.log ?? ''
  }

  get retryable(): boolean {
    return retryable[this.code]
  }
}

/** The text a user sees: message, last lines of the failed process, then the next step. A stack trace only for our own bugs. */
export function describeError(error: unknown): string {
  if (error instanceof TaskvecError) {
    const { message, hint, log } = error
    return [log ? `${message}; its last lines:\n${log}` : message, ...(hint ? [indented(hint)] : [])].join(
      '\n',
    )
  }
  const outside = outsideCause(error)
  if (outside) return [outside.message, ...(outside.hint ? [indented(outside.hint)] : [])].join('\n')
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

export function indented(text: string): string {
  return `  ${text.replaceAll('\n', '\n  ')}`
}
