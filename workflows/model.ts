import {
  ChildWorkflowCancellationType,
  continueAsNew,
  defineQuery,
  executeChild,
  setHandler,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow'
import { experimentsWorkflowId, taskWorkflowId } from '../src/temporal/names.js'
import { experimentsWorkflow } from './experiments.js'
import { fanOut } from './fan-out.js'
import type { ModelInput, Tally } from './inputs.js'
import { taskWorkflow } from './task.js'

export interface ModelProgress extends Tally {
  readonly tasksRunning: readonly string[]
  readonly tasksWaiting: number
}

export const modelProgressQuery = defineQuery<ModelProgress>('progress')

/** One model of a sweep: one child per task, a few at a time, so that one's writes overlap another's forward passes. */
export async function modelWorkflow(input: ModelInput): Promise<Tally> {
  const running = new Set<string>()
  let tally: Tally = input.soFar ?? { complete: 0, failed: 0 }
  let waiting = input.tasks.length
  setHandler(modelProgressQuery, () => ({ ...tally, tasksRunning: [...running], tasksWaiting: waiting }))

  async function runTask(task: string): Promise<void> {
    waiting--
    running.add(task)
    const { tasks: _, allTasks: __, furtherTasks: ___, soFar: ____, ...settings } = input
    const outcome = await executeChild(taskWorkflow, {
      workflowId: taskWorkflowId(input.store, input.sweepId, input.model, task),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      args: [{ ...settings, task }],
    })
    running.delete(task)
    tally = { ...tally, [outcome]: tally[outcome] + 1 }
  }

  const rest = await fanOut(
    input.tasks,
    input.tasksInFlight,
    runTask,
    () => workflowInfo().continueAsNewSuggested,
  )
  if (rest.length > 0) await continueAsNew<typeof modelWorkflow>({ ...input, tasks: rest, soFar: tally })
  // Sweeps that began before there were further experiments do not ask for them.
  if (input.further) await runFurther()
  return tally

  /** Task by task, then those that need several tasks. */
  async function runFurther(): Promise<void> {
    const tasks = input.furtherTasks ?? input.allTasks ?? []
    const rest = await fanOut(
      tasks,
      input.tasksInFlight,
      runExperiments,
      () => workflowInfo().continueAsNewSuggested,
    )
    if (rest.length > 0)
      await continueAsNew<typeof modelWorkflow>({ ...input, tasks: [], furtherTasks: rest, soFar: tally })
    await runExperiments('')
  }

  async function runExperiments(task: string): Promise<void> {
    running.add(task)
    const { tasks: _, allTasks: __, furtherTasks: ___, soFar: ____, ...settings } = input
    const outcome = await executeChild(experimentsWorkflow, {
      workflowId: experimentsWorkflowId(input.store, input.sweepId, input.model, task),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      args: [{ ...settings, task }],
    })
    running.delete(task)
    if (outcome === 'failed') tally = { ...tally, failed: tally.failed + 1 }
  }
}
