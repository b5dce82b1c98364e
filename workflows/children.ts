import {
  CancellationScope,
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow'

/** Sweeps that began before children were cancelled by their id too, know nothing of it: `patched`. */
const byId = 'cancel-by-id'

/**
 * `runChild`, where the child's own failure stops nothing else: `report` records it and says what it counts as. Children catch
 * what goes wrong in them, so this is about workflows that the server terminated or whose own code failed.
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
 * Runs a child to its end, also over continue-as-new: `execute` starts it with these options. A resumed sweep starts its
 * children again; a cancelled one waits until they have stopped.
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

/** Where children are not told by `runChild`, since the sweep began before. */
export function cancelAsBefore(workflowIds: Iterable<string>): void {
  if (!patched(byId)) for (const workflowId of workflowIds) cancelById(workflowId)
}

/**
 * The cancellation of its scope reaches the run of a child that was started, not one that followed it by continue-as-new: that
 * one is found by its id.
 */
function cancelById(workflowId: string): void {
  CancellationScope.nonCancellable(() => getExternalWorkflowHandle(workflowId).cancel()).catch(() => {}) // it has just ended
}
