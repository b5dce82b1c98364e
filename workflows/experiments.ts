import { ApplicationFailure, continueAsNew, isCancellation, log, workflowInfo } from '@temporalio/workflow'
import { unitName } from '../src/domain/unit-place.js'
import { tooLarge } from '../src/domain/payloads.js'
import { throwIfCancelled } from './cancelled.js'
import { reportFailure } from './failure.js'
import type { ExperimentsInput } from './inputs.js'
import { analysisOn, experimentsOn, storeOf } from './activity-proxies.js'

/**
 * The further experiments of one (model, task) or, with task '', those over several tasks of a model. It knows no experiment: the
 * store returns the next step, an activity's name and input, and stores its result before the next one. A failure is recorded as a
 * row and ends that unit only.
 */
export async function experimentsWorkflow(input: ExperimentsInput): Promise<'complete' | 'failed'> {
  const { sweepId, model, task } = input
  const store = storeOf(input.store)
  let failed = input.failed ?? []
  for (;;) {
    if (workflowInfo().continueAsNewSuggested) {
      throwIfCancelled()
      await continueAsNew<typeof experimentsWorkflow>({ ...input, failed })
    }
    const next = await store.nextStep({ sweepId, model, task, failed })
    if (!next) return failed.length > 0 ? 'failed' : 'complete'
    try {
      const { step, name, unit } = next
      if (next.tooLarge !== undefined)
        throw ApplicationFailure.nonRetryable(
          tooLarge('what this experiment computes at once', next.tooLarge),
          'PAYLOAD',
        )
      const result = await runStep(input, step)
      await store.recordStep({ unit, name, result })
    } catch (error) {
      if (isCancellation(error)) throw error
      const { unit } = next
      log.error('experiment failed', { ...unit, error: String(error) })
      const experiment = [unit.experiment, unit.thetaTask].join(' ').trim()
      await reportFailure(input, { model, task: unit.task, experiment }, error)
      failed = [...failed, unitName(unit)]
    }
  }
}

type NextStep = NonNullable<Awaited<ReturnType<ReturnType<typeof storeOf>['nextStep']>>>

/** Analyses in sweeps from before steps had `onThetas`. */
const onThetasBefore = ['separateTasks', 'decodeTasks']

function runStep(
  { store, model, content, mode }: ExperimentsInput,
  {
    activity,
    input,
    onThetas = onThetasBefore.includes(activity),
  }: Partial<NextStep['step']> & Pick<NextStep['step'], 'activity'>,
): Promise<object> | undefined {
  const activities: Record<string, (input: never) => Promise<object>> = onThetas
    ? analysisOn(store)
    : experimentsOn(model, content)
  return activities[activity]?.((mode && !onThetas ? { ...input, mode } : input) as never)
}
