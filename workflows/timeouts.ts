import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow'
import type {
  AnalysisActivities,
  ComputeActivities,
  ExperimentActivities,
  StoreActivities,
} from '../activities/index.js'
import { analysisQueue, modelQueue, storeQueue } from '../src/temporal/names.js'

/** Forward passes on the workers that have the model. */
export function computeOn(model: string): ComputeActivities {
  return proxyActivities<ComputeActivities>(longWork(modelQueue(model)))
}

/** Those of the further experiments. */
export function experimentsOn(model: string): ExperimentActivities {
  return proxyActivities<ExperimentActivities>(longWork(modelQueue(model)))
}

/** Computations on stored θ, beside the database. */
export function analysisOn(store: string): AnalysisActivities {
  return proxyActivities<AnalysisActivities>(longWork(analysisQueue(store)))
}

function longWork(taskQueue: string): ActivityOptions {
  return {
    taskQueue,
    // A pass over a large model takes hours; the heartbeat, not this, tells a dead worker from a busy one.
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '10 seconds',
    // Cancelled means that the engine has stopped, not that it was asked to.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // A worker that shuts down spends an attempt of what it was computing, so the limit is generous; what cannot
    // succeed is not retried at all (activities/failures.ts).
    retry: {
      initialInterval: '1 second',
      backoffCoefficient: 2,
      maximumInterval: '30 seconds',
      maximumAttempts: 12,
    },
  }
}

/** Reads and writes of the database, on its one writer. */
export function storeOf(store: string): StoreActivities {
  return proxyActivities<StoreActivities>({
    taskQueue: storeQueue(store),
    // A write takes milliseconds. After a killed writer this is also how long the next one waits for it.
    startToCloseTimeout: '15 seconds',
    // A full disk or a locked file passes: wait for as long as it takes.
    retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  })
}
