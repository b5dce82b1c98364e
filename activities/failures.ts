import { activityInfo, ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { indented, TaskvecError } from '../src/domain/errors.js'
import { largestPayload, tooLarge } from '../src/domain/payloads.js'

/** What a failure carries beside its message. */
export interface FailureDetails {
  readonly attempt: number
  /** Last lines of the process that failed. */
  readonly log: string
}

/**
 * Runs an activity's work, turning domain errors into failures that Temporal understands: `type` is the error's code,
 * and only what may pass by itself is tried again.
 */
export async function mappingFailures<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    const result = await work()
    refuseTooLarge(result)
    return result
  } catch (error) {
    // Cancelled by the workflow, or by this worker's shutdown: Temporal tells the two apart itself.
    if (Context.current().cancellationSignal.aborted)
      throw new CancelledFailure('cancelled', [], error instanceof Error ? error : undefined)
    if (!(error instanceof TaskvecError)) throw error
    throw ApplicationFailure.create({
      type: error.code,
      message: error.hint ? `${error.message}\n${indented(error.hint)}` : error.message,
      nonRetryable: !error.retryable,
      details: [{ attempt: activityInfo().attempt, log: error.log } satisfies FailureDetails],
      cause: error,
    })
  }
}

/** Temporal would run the work again and again, and each time refuse its result. */
function refuseTooLarge(result: unknown): void {
  if (result === undefined) return
  const bytes = Buffer.byteLength(JSON.stringify(result))
  if (bytes > largestPayload)
    throw ApplicationFailure.nonRetryable(tooLarge('the result of a step', bytes), 'PAYLOAD')
}
