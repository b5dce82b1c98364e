import { CancellationScope, CancelledFailure } from '@temporalio/workflow'

/** Call before continue-as-new: a cancellation that arrived together with the last result would otherwise be lost with this run. */
export function throwIfCancelled(scope = CancellationScope.current()): void {
  if (scope.consideredCancelled) throw new CancelledFailure('cancelled before continue-as-new')
}
