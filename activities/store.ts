import type {
  BestLayer,
  Failure,
  PlanTaskInput,
  RecordRunsInput,
  SweepStatus,
  TaskPlan,
} from '../src/store/store-inputs.js'
import type { Store } from '../src/store/store.js'
import type { UnitPlace } from '../src/domain/unit-place.js'
import type { NextStep, UnitsOf } from '../src/store/experiment-units.js'
import { TaskvecError } from '../src/domain/errors.js'
import type { LargeTaskPlan, PlanLargeTaskInput, TaskToPrepare } from '../src/store/large-tasks.js'
import type { TaskPlace } from '../src/store/prepared-tasks.js'
import type { RecordPartInput } from '../src/store/task-parts.js'
import type { TaskPart } from '../src/store/task-work.js'
import type { ModelContent, Pair, TaskSpec } from '../src/domain/types.js'
import { mappingFailures } from './failures.js'

export type StoreActivities = ReturnType<typeof createStoreActivities>

export interface StoreObserver {
  /** Called with the error while the database cannot be written, e.g. on a full disk; with null once it can. */
  readonly onTrouble?: (error: TaskvecError | null) => void
}

interface StepResult {
  readonly unit: UnitPlace
  readonly name: string
  readonly result: unknown
}

/** Activities that access the database. They run beside it, one at a time. */
export function createStoreActivities(store: Store, { onTrouble }: StoreObserver = {}) {
  function using<T>(work: () => T | Promise<T>): Promise<T> {
    return mappingFailures(async () => {
      try {
        const result = await work()
        onTrouble?.(null)
        return result
      } catch (error) {
        if (error instanceof TaskvecError && error.code === 'STORE_BUSY') onTrouble?.(error)
        throw error
      }
    })
  }
  return {
    loadTaskSpec: ({ sweepId, task }: { sweepId: string; task: string }): Promise<TaskSpec> =>
      using(() => store.taskSpec(sweepId, task)),
    taskToPrepare: ({ sweepId, task }: { sweepId: string; task: string }): Promise<TaskToPrepare> =>
      using(() => store.taskToPrepare(sweepId, task)),
    pairSlice: ({
      sweepId,
      task,
      slice,
    }: {
      sweepId: string
      task: string
      slice: number
    }): Promise<readonly Pair[]> => using(() => store.pairSlice(sweepId, task, slice)),
    planLargeTask: (input: PlanLargeTaskInput): Promise<LargeTaskPlan> =>
      using(() => store.planLargeTask(input)),
    nextPart: ({ under, ...place }: TaskPlace & { under: readonly string[] }): Promise<TaskPart | null> =>
      using(() => store.nextPart(place, under)),
    nextTestPart: (place: TaskPlace): Promise<TaskPart | null> => using(() => store.nextTestPart(place)),
    recordPart: (input: RecordPartInput): Promise<void> => using(() => store.recordPart(input)),
    modelContent: ({ sweepId, model }: { sweepId: string; model: string }): Promise<ModelContent | null> =>
      using(() => store.modelContent(sweepId, model)),
    settleModel: ({
      sweepId,
      model,
      content,
    }: {
      sweepId: string
      model: string
      content: ModelContent
    }): Promise<ModelContent> => using(() => store.settleModel(sweepId, model, content)),
    planTask: (input: PlanTaskInput): Promise<TaskPlan> => using(() => store.planTask(input)),
    recordRuns: (input: RecordRunsInput): Promise<void> => using(() => store.recordRuns(input)),
    chooseBestLayer: ({
      sweepId,
      model,
      task,
    }: {
      sweepId: string
      model: string
      task: string
    }): Promise<BestLayer> => using(() => store.chooseBestLayer(sweepId, model, task)),
    nextStep: (units: UnitsOf): Promise<NextStep | null> => using(() => store.nextStep(units)),
    recordStep: ({ unit, name, result }: StepResult): Promise<void> =>
      using(() => store.recordStep(unit, name, result)),
    recordFailure: (failure: Failure): Promise<void> => using(() => store.recordFailure(failure)),
    setSweepStatus: ({ sweepId, status }: { sweepId: string; status: SweepStatus }): Promise<void> =>
      using(() => store.setSweepStatus(sweepId, status)),
  }
}
