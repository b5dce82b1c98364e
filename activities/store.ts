import type {
  BestLayer,
  Failure,
  PlanTaskInput,
  RecordRunsInput,
  Store,
  SweepStatus,
  TaskPlan,
} from '../src/store/store.js'
import type { TaskSpec } from '../src/domain/types.js'
import { mappingFailures } from './failures.js'

export type StoreActivities = ReturnType<typeof createStoreActivities>

/** Activities that touch the database. They run beside it, on one queue, one at a time. */
export function createStoreActivities(store: Store) {
  return {
    loadTaskSpec: ({ sweepId, task }: { sweepId: string; task: string }): Promise<TaskSpec> =>
      mappingFailures(() => store.taskSpec(sweepId, task)),
    planTask: (input: PlanTaskInput): Promise<TaskPlan> => mappingFailures(() => store.planTask(input)),
    recordRuns: (input: RecordRunsInput): Promise<void> => mappingFailures(() => store.recordRuns(input)),
    chooseBestLayer: ({
      sweepId,
      model,
      task,
    }: {
      sweepId: string
      model: string
      task: string
    }): Promise<BestLayer> => mappingFailures(() => store.chooseBestLayer(sweepId, model, task)),
    recordFailure: (failure: Failure): Promise<void> => mappingFailures(() => store.recordFailure(failure)),
    setSweepStatus: ({ sweepId, status }: { sweepId: string; status: SweepStatus }): Promise<void> =>
      mappingFailures(() => store.setSweepStatus(sweepId, status)),
  }
}
