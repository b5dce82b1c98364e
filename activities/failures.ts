import { activityInfo, ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { indented, TaskvecError } from '../src/domain/errors.js'
import { largestPayload, tooLarge } from '../src/domain/payloads.js'

/** Details of a failure besides its message. */
export interface FailureDetails {
  readonly attempt: number
  /** Last log lines of the failed process. */
  readonly log: string
}

/**
 * Runs an activity's work and turns domain errors into Temporal failures: `type` is the error's code, and only errors that may be
 * transient are retryable.
 */
export async function mappingFailures<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    const result = await work()
    refuseTooLarge(result)
    return result
  } catch (error) {
    // Cancelled by the workflow or by this worker's shutdown; Temporal distinguishes the two.
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

/** Fails for good: Temporal would refuse the result after every retry. */
function refuseTooLarge(result: unknown): void {
  if (result === undefined) return
  const bytes = Buffer.byteLength(JSON.stringify(result))
  if (bytes > largestPayload)
    throw ApplicationFailure.nonRetryable(tooLarge('the result of a step', bytes), 'PAYLOAD')
}
