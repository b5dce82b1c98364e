import {
  CancellationScope,
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow'

/** Patch id: sweeps from before this patch do not cancel children by id. */
const byId = 'cancel-by-id'

/**
 * Runs a child whose failure does not stop its siblings: `report` records the failure and returns the outcome to count. Children
 * handle failures of activities themselves, so this concerns workflows that the server terminated or whose code failed.
 */
export async function runChildOr<T>(
  run: () => Promise<T>,
  report: (error: unknown) => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (isCancellation(error)) throw error
    return report(error)
  }
}

/**
 * Runs a child to its end, across continue-as-new; `execute` starts it with these options. A resumed sweep starts its children
 * again; a cancelled one waits until they have stopped.
 */
export async function runChild<T>(
  workflowId: string,
  execute: (options: typeof asChild & { workflowId: string }) => Promise<T>,
): Promise<T> {
  let running = true
  CancellationScope.current().cancelRequested.catch(() => {
    if (running && patched(byId)) cancelById(workflowId)
  })
  try {
    return await execute({ ...asChild, workflowId })
  } finally {
    running = false
  }
}

const asChild = {
  workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
  cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
}

/** Cancels children of sweeps from before the patch, whose `runChild` does not. */
export function cancelAsBefore(workflowIds: Iterable<string>): void {
  if (!patched(byId)) for (const workflowId of workflowIds) cancelById(workflowId)
}

/** Cancelling a scope reaches only the first run of a child; runs after continue-as-new must be cancelled by workflow id. */
function cancelById(workflowId: string): void {
  CancellationScope.nonCancellable(() => getExternalWorkflowHandle(workflowId).cancel()).catch(() => {}) // it has already ended
}
