import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  TerminatedFailure,
} from '@temporalio/workflow'
import type { FailureDetails } from '../activities/failures.js'
import { sweepWorkflowId } from '../src/temporal/names.js'
import type { SweepSettings } from './inputs.js'
import { longWorkAttempts, storeOf } from './activity-proxies.js'

/** Tells the sweep that a task or further experiment failed for good. Sent only if `maxFailures` is set. */
export const failureSignal = defineSignal('failure')

/** Records a failure as a row, and signals the sweep if it has `maxFailures`. */
export async function reportFailure(
  { store, sweepId, maxFailures }: SweepSettings,
  place: { readonly model: string; readonly task: string; readonly experiment?: string },
  error: unknown,
): Promise<void> {
  await storeOf(store).recordFailure({ sweepId, ...place, ...describeFailure(error) })
  if (maxFailures === undefined) return
  try {
    await getExternalWorkflowHandle(sweepWorkflowId(store, sweepId)).signal(failureSignal)
  } catch (failure) {
    if (isCancellation(failure)) throw failure
    log.warn('the sweep was not told of a failure', { sweepId, error: String(failure) })
  }
}

/** Describes the innermost cause; its wrappers only say that an activity failed, and where. */
function describeFailure(error: unknown) {
  if (error instanceof ChildWorkflowFailure) return describeWorkflowFailure(error)
  const activity = error instanceof ActivityFailure ? error : undefined
  const cause = activity ? activity.cause : error
  const code =
    cause instanceof ApplicationFailure && cause.type
      ? cause.type
      : cause instanceof Error
        ? cause.name
        : 'UNKNOWN'
  const details =
    cause instanceof ApplicationFailure
      ? (cause.details?.[0] as Partial<FailureDetails> | undefined)
      : undefined
  // A lost worker reports no attempt.
  const lost = activity?.retryState === 'MAXIMUM_ATTEMPTS_REACHED' ? longWorkAttempts : 1
  return {
    code,
    message: cause instanceof Error ? cause.message : String(cause),
    attempts: details?.attempt ?? lost,
    log: details?.log ?? '',
    worker: activity?.identity?.split(' ')[0] ?? '',
  }
}

/** A workflow that failed as a whole could not record why. Its results so far are stored, and it can be retried. */
function describeWorkflowFailure({ cause, workflowType }: ChildWorkflowFailure) {
  const why =
    cause instanceof TerminatedFailure
      ? 'was terminated: by a user, or by the server because it passed on too much at once'
      : `failed: ${cause?.message ?? 'for an unknown reason'}`
  return {
    code: 'WORKFLOW',
    message: `its ${workflowType ?? 'workflow'} ${why}\n  Try it again: taskvec resume. If it fails again, please report it as a bug.`,
    attempts: 1,
    log: '',
    worker: '',
  }
}
