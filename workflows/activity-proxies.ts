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

/** Asks workers that have a model of this id for its content. Few attempts, as another worker may have the right files. */
export function anyWith(model: string): Pick<ComputeActivities, 'describeModel'> {
  const { retry, ...options } = longWork(modelQueue(model))
  return proxyActivities<ComputeActivities>({ ...options, retry: { ...retry, maximumAttempts: 5 } })
}

/** Forward passes on workers that have the model, with this content once it is settled. */
export function computeOn(model: string, content?: ModelContent): ComputeActivities {
  return proxyActivities<ComputeActivities>(longWork(queueOf(model, content)))
}

/** Forward passes of the further experiments. */
export function experimentsOn(model: string, content?: ModelContent): ExperimentActivities {
  return proxyActivities<ExperimentActivities>(longWork(queueOf(model, content)))
}

function queueOf(model: string, content: ModelContent | undefined): string {
  return content ? contentQueue(model, content.hash) : modelQueue(model)
}

/** Analyses of stored θ, beside the database. */
export function analysisOn(store: string): AnalysisActivities {
  return proxyActivities<AnalysisActivities>(longWork(analysisQueue(store)))
}

export const longWorkAttempts = 12

function longWork(taskQueue: string): ActivityOptions {
  return {
    taskQueue,
    // A pass over a large model takes hours; dead workers are detected by the heartbeat, not by this.
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '10 seconds',
    // Wait until the engine has stopped, not only until it was asked to.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // Generous, since a worker that shuts down uses up an attempt of its activity. Errors that a retry cannot fix are not
    // retried at all (activities/failures.ts).
    retry: {
      initialInterval: '1 second',
      backoffCoefficient: 2,
      maximumInterval: '30 seconds',
      maximumAttempts: longWorkAttempts,
      nonRetryableErrorTypes: ['PayloadsTooLarge'],
    },
  }
}

/** Draws and stores the items of a large task, beside the database; takes up to several minutes. */
export function plannerOf(): Pick<StoreActivities, 'planLargeTask'> {
  return proxyLocalActivities<StoreActivities>({ ...storeOptions, startToCloseTimeout: '1 hour' })
}

const storeOptions = {
  // A write takes milliseconds. If the writer is killed, the next one takes over when the workflow task times out, after 10 s.
  startToCloseTimeout: '15 seconds',
  // A full disk or a locked file is temporary: retry without limit.
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
} as const

/** Reads and writes of the database, by its single writer. */
export function storeOf(store: string): StoreActivities {
  // Workflows run beside the database, so local activities avoid the trip through the server, which halves the cost of a small
  // step. Sweeps from before this patch use the writer's queue.
  return patched('store-beside')
    ? proxyLocalActivities<StoreActivities>(storeOptions)
    : proxyActivities<StoreActivities>({ ...storeOptions, taskQueue: storeQueue(store) })
}
