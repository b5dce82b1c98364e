import { indented } from '../domain/errors.js'
import type { FailureRow } from '../store/sweep-state.js'

/** How many last lines of a failed process the terminal shows. */
const shownLines = 5

/** What failed, where, after how many attempts, why, and what its process said last. */
export function renderFailure(failure: FailureRow): string {
  const { model, task, experiment, code, message, attempts, log, worker } = failure
  const what = [model, task, experiment === 'main' ? '' : experiment].filter(Boolean).join(' ')
  const where = worker === '' ? '' : ` on ${worker}`
  const tries = `${attempts} attempt${attempts === 1 ? '' : 's'}`
  const last = log.trim().split('\n').slice(-shownLines).join('\n')
  return [
    `failed: ${what}: ${code} after ${tries}${where}: ${message}`,
    ...(last === '' ? [] : [indented(`last lines:\n${last}`)]),
  ].join('\n')
}
