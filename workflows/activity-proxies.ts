import {
  ActivityCancellationType,
  patched,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from '@temporalio/workflow'
import type {
  AnalysisActivities,
  ComputeActivities,
  ExperimentActivities,
  StoreActivities,
} from '../activities/index.js'
import type { ModelContent } from '../src/domain/types.js'
import { analysisQueue, contentQueue, modelQueue, storeQueue } from '../src/temporal/names.js'

/** Asks those who have a model by its id what it is; a few times, since another may have the right files. */
export function anyWith(model: string): Pick<ComputeActivities, 'describeModel'> {
  const { retry, ...options } = longWork(modelQueue(model))
  return proxyActivities<ComputeActivities>({ ...options, retry: { ...retry, maximumAttempts: 5 } })
}

/** Forward passes on the workers that have the model, with this content where it is settled. */
export function computeOn(model: string, content?: ModelContent): ComputeActivities {
  return proxyActivities<ComputeActivities>(longWork(queueOf(model, content)))
}

/** Those of the further experiments. */
export function experimentsOn(model: string, content?: ModelContent): ExperimentActivities {
  return proxyActivities<ExperimentActivities>(longWork(queueOf(model, content)))
}

function queueOf(model: string, content: ModelContent | undefined): string {
  return content ? contentQueue(model, content.hash) : modelQueue(model)
}

/** Computations on stored θ, beside the database. */
export function analysisOn(store: string): AnalysisActivities {
  return proxyActivities<AnalysisActivities>(longWork(analysisQueue(store)))
}

export const longWorkAttempts = 12

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
      maximumAttempts: longWorkAttempts,
      nonRetryableErrorTypes: ['PayloadsTooLarge'],
    },
  }
}

/** Drawing and storing the items of a large task, beside the database: up to some minutes. */
export function plannerOf(): Pick<StoreActivities, 'planLargeTask'> {
  return proxyLocalActivities<StoreActivities>({ ...storeOptions, startToCloseTimeout: '1 hour' })
}

const storeOptions = {
  // A write takes milliseconds. After a killed writer the next one takes over when the workflow's task times out: 10 s.
  startToCloseTimeout: '15 seconds',
  // A full disk or a locked file passes: wait for as long as it takes.
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
} as const

/** Reads and writes of the database, on its one writer. */
export function storeOf(store: string): StoreActivities {
  // Workflows run beside the database, so the server need not pass on what takes milliseconds: that halves the cost of a
  // small step. Sweeps that began before go on by the writer's queue.
  return patched('store-beside')
    ? proxyLocalActivities<StoreActivities>(storeOptions)
    : proxyActivities<StoreActivities>({ ...storeOptions, taskQueue: storeQueue(store) })
}
