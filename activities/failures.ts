import { activityInfo, ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { describeError, TaskvecError } from '../src/domain/errors.js'

/**
 * Runs an activity's work, turning domain errors into failures that Temporal understands: `type` is the error's code,
 * and only what may pass by itself is tried again.
 */
export async function mappingFailures<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Cancelled by the workflow, or by this worker's shutdown: Temporal tells the two apart itself.
    if (Context.current().cancellationSignal.aborted)
      throw new CancelledFailure('cancelled', [], error instanceof Error ? error : undefined)
    if (!(error instanceof TaskvecError)) throw error
    throw ApplicationFailure.create({
      type: error.code,
      message: describeError(error),
      nonRetryable: !error.retryable,
      details: [{ attempt: activityInfo().attempt }],
      cause: error,
    })
  }
}
