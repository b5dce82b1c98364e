import {
  CancellationScope,
  continueAsNew,
  executeChild,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { modelWorkflowId } from '../src/temporal/names.js'
import { throwIfCancelled } from './cancelled.js'
import { cancelAsBefore, runChild, runChildOr } from './children.js'
import { failureSignal, reportFailure } from './failure.js'
import { fanOut } from './fan-out.js'
import type { ModelInput, SweepInput, Tally } from './inputs.js'
import { modelWorkflow } from './model.js'
import { storeOf } from './activity-proxies.js'

/** Models in progress at once. Each has its own queue, so this bounds the number of open children, not the load of any machine. */
const modelsInFlight = 50

/** A sweep: one child per model, then the outcome is written to the database. After `maxFailures` failures, running models are cancelled. */
export async function sweepWorkflow(input: SweepInput): Promise<Tally> {
  const store = storeOf(input.store)
  const running = new Set<string>()
  let tally: Tally = input.soFar ?? { complete: 0, failed: 0 }
  const models = new CancellationScope()
  let failures = input.failures ?? 0
  const hopeless = () => input.maxFailures !== undefined && failures >= input.maxFailures
  setHandler(failureSignal, () => {
    failures++
    if (!hopeless()) return
    models.cancel()
    cancelAsBefore([...running].map((model) => modelWorkflowId(input.store, input.sweepId, model)))
  })

  async function runModel(model: string): Promise<void> {
    running.add(model)
    const { models: _, soFar: __, leave, failures: ___, ...settings } = input
    const left = leave?.[model]
    const args: [ModelInput] = [
      {
        ...settings,
        model,
        ...(input.further ? { allTasks: input.tasks } : {}),
        ...(left ? { leave: left } : {}),
      },
    ]
    const outcome = await runChildOr<Tally>(
      () =>
        runChild(modelWorkflowId(input.store, input.sweepId, model), (options) =>
          executeChild(modelWorkflow, { ...options, args }),
        ),
      async (error) => {
        await reportFailure(input, { model, task: '' }, error)
        return { complete: 0, failed: input.tasks.length }
      },
    )
    running.delete(model)
    tally = { complete: tally.complete + outcome.complete, failed: tally.failed + outcome.failed }
  }

  try {
    const rest = await models.run(() =>
      fanOut(input.models, modelsInFlight, runModel, () => workflowInfo().continueAsNewSuggested),
    )
    if (rest.length > 0) {
      throwIfCancelled(models)
      await continueAsNew<typeof sweepWorkflow>({ ...input, models: rest, soFar: tally, failures })
    }
    await store.setSweepStatus({ sweepId: input.sweepId, status: tally.failed > 0 ? 'failed' : 'complete' })
    return tally
  } catch (error) {
    if (isCancellation(error) && hopeless()) {
      await store.setSweepStatus({ sweepId: input.sweepId, status: 'failed' })
      return { ...tally, failed: Math.max(tally.failed, failures), stopped: true }
    }
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() =>
        store.setSweepStatus({ sweepId: input.sweepId, status: 'cancelled' }),
      )
    }
    throw error
  }
}
