import { TaskvecError } from '../domain/errors.js'

/**
 * The result of `work`, unless the signal aborts first: Temporal's client misses an abort between two of its long polls. The work
 * itself continues, and its result is ignored. Errors: CANCELLED, and those of `work`.
 */
export async function raceAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new TaskvecError('CANCELLED', 'interrupted'))
  })
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([aborted, work])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
