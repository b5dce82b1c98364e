import { continueAsNew, executeChild, isCancellation, log, patched, workflowInfo } from '@temporalio/workflow'
import type { ModelContent } from '../src/domain/types.js'
import { experimentsWorkflowId, taskWorkflowId } from '../src/temporal/names.js'
import { throwIfCancelled } from './cancelled.js'
import { runChild, runChildOr } from './children.js'
import { experimentsWorkflow } from './experiments.js'
import { reportFailure } from './failure.js'
import { fanOut } from './fan-out.js'
import type { ExperimentsInput, ModelInput, Tally } from './inputs.js'
import { taskWorkflow } from './task.js'
import { anyWith, storeOf } from './activity-proxies.js'

/** One model of a sweep: one child per task, a few at a time, so that writes of one task overlap forward passes of another. */
export async function modelWorkflow(input: ModelInput): Promise<Tally> {
  const left = input.leave ?? { tasks: [], units: [] }
  const tasks = input.tasks.filter((task) => !left.tasks.includes(task))
  let tally: Tally = input.soFar ?? { complete: 0, failed: left.tasks.length }

  // Sweeps from before this patch route work by model id.
  const content = input.content ?? (patched('content') ? await settledContent(input) : undefined)
  const { tasks: _, allTasks: __, furtherTasks: ___, soFar: ____, leave: _____, ...own } = input
  const settings = { ...own, ...(content ? { content } : {}) }
  const again = { ...input, ...(content ? { content } : {}) }

  async function runTask(task: string): Promise<void> {
    const workflowId = taskWorkflowId(input.store, input.sweepId, input.model, task)
    const outcome = await runChildOr(
      () =>
        runChild(workflowId, (options) =>
          executeChild(taskWorkflow, { ...options, args: [{ ...settings, task }] }),
        ),
      asFailure({ task }),
    )
    tally = { ...tally, [outcome]: tally[outcome] + 1 }
  }

  const rest = await fanOut(tasks, input.tasksInFlight, runTask, () => workflowInfo().continueAsNewSuggested)
  if (rest.length > 0) {
    throwIfCancelled()
    await continueAsNew<typeof modelWorkflow>({ ...again, tasks: rest, soFar: tally })
  }
  // Absent in sweeps from before there were further experiments.
  if (input.further) await runFurther()
  return tally

  /** Records a child workflow's failure. */
  function asFailure(place: { readonly task: string; readonly experiment?: string }) {
    return async (error: unknown): Promise<'failed'> => {
      await reportFailure(input, { model: input.model, ...place }, error)
      return 'failed'
    }
  }

  /** Runs the further experiments task by task, then those over several tasks. */
  async function runFurther(): Promise<void> {
    const tasks = input.furtherTasks ?? input.allTasks ?? []
    const rest = await fanOut(
      tasks,
      input.tasksInFlight,
      runExperiments,
      () => workflowInfo().continueAsNewSuggested,
    )
    if (rest.length > 0) {
      throwIfCancelled()
      await continueAsNew<typeof modelWorkflow>({ ...again, tasks: [], furtherTasks: rest, soFar: tally })
    }
    await runExperiments('')
  }

  async function runExperiments(task: string): Promise<void> {
    const failed = left.units.flatMap((unit) => (unit.task === task ? unit.name : []))
    const workflowId = experimentsWorkflowId(input.store, input.sweepId, input.model, task)
    const args: [ExperimentsInput] = [{ ...settings, task, ...(failed.length > 0 ? { failed } : {}) }]
    const outcome = await runChildOr(
      () => runChild(workflowId, (options) => executeChild(experimentsWorkflow, { ...options, args })),
      asFailure({ task, experiment: 'further' }),
    )
    if (outcome === 'failed') tally = { ...tally, failed: tally.failed + 1 }
  }
}

/**
 * The model content of the sweep's results: as settled before, else that of the first worker to answer. Undefined if no worker can
 * load the model; each of its tasks then fails with the reason.
 */
async function settledContent({
  store,
  sweepId,
  model,
  mode,
}: ModelInput): Promise<ModelContent | undefined> {
  try {
    const expected = await storeOf(store).modelContent({ sweepId, model })
    const content = await anyWith(model).describeModel({ model, expected, ...(mode ? { mode } : {}) })
    return expected ?? (await storeOf(store).settleModel({ sweepId, model, content }))
  } catch (error) {
    if (isCancellation(error)) throw error
    log.warn('no worker can load the model', { sweepId, model, error: String(error) })
    return undefined
  }
}
