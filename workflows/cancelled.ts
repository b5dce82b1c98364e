import { CancellationScope, CancelledFailure } from '@temporalio/workflow'

/** Before continue-as-new: a cancellation that came together with the last result would end with this run, unheard. */
export function throwIfCancelled(scope = CancellationScope.current()): void {
  if (scope.consideredCancelled) throw new CancelledFailure('cancelled before continue-as-new')
}
