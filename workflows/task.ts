import { ContinueAsNew, isCancellation, log, patched } from '@temporalio/workflow'
import { reportFailure } from './failure.js'
import { fanOut } from './fan-out.js'
import type { TaskInput } from './inputs.js'
import { recordedInfo } from './recorded-info.js'
import { runLargeTask } from './large-task.js'
import { computeOn, storeOf } from './activity-proxies.js'

/** Chunks of layers of a task in progress at once: enough to keep two workers busy, few enough for a small history. */
const chunksInFlight = 4

/**
 * The main experiment of one (model, task): prepare; baseline, and dev at all L; best L; test at the best L. Every result is stored
 * before the next step, and stored results are not recomputed. A failure is recorded as a row and ends this task only.
 */
export async function taskWorkflow(input: TaskInput): Promise<'complete' | 'failed'> {
  try {
    await runTask(input)
    return 'complete'
  } catch (error) {
    if (isCancellation(error) || error instanceof ContinueAsNew) throw error
    const { sweepId, model, task } = input
    log.error('task failed', { sweepId, model, task, error: String(error) })
    await reportFailure(input, { model, task }, error)
    return 'failed'
  }
}

async function runTask(input: TaskInput): Promise<void> {
  const { sweepId, model, task, protocol, layers, layersPerActivity, content } = input
  const mode = input.mode ? { mode: input.mode } : {}
  const store = storeOf(input.store)
  const compute = computeOn(model, content)
  const place = { sweepId, model, task }

  // Sweeps from before this patch pass every task whole.
  const toPrepare = patched('large-tasks')
    ? await store.taskToPrepare({ sweepId, task })
    : { size: 'whole' as const, spec: await store.loadTaskSpec({ sweepId, task }) }
  if (toPrepare.size === 'large') return runLargeTask(input, toPrepare)
  const { spec } = toPrepare
  const {
    info: recorded,
    prepared,
    layerChunks,
  } = await compute.prepareTask({
    model,
    spec,
    protocol,
    layers,
    layersPerActivity,
    ...(content ? { content } : {}),
    ...mode,
  })
  const info = recordedInfo(recorded)
  const plan = await store.planTask({ sweepId, model, info, prepared, layerChunks })
  const { scoring } = prepared
  const on = {
    ...{ model, modelHash: info.modelHash, task, scoring, ...mode },
    ...(content ? { numerics: content.numerics } : {}),
  }
  const given = spec.theta ? { theta: spec.theta } : {}
  async function baseline(): Promise<void> {
    if (plan.baselineStored) return
    const computed = await compute.runBaseline({ ...on, items: prepared.items.baseline })
    await store.recordRuns({ ...place, layersTogether: [], ...computed })
  }
  async function devChunk(chunk: readonly number[]): Promise<void> {
    const computed = await compute.runDev({ ...on, ...given, items: prepared.items.dev, layers: chunk })
    await store.recordRuns({ ...place, layersTogether: chunk, ...computed })
  }
  await Promise.all([fanOut(plan.missingChunks, chunksInFlight, devChunk), baseline()])

  const best = await store.chooseBestLayer(place)
  if (!best.testStored) {
    const computed = await compute.runTest({
      ...on,
      ...given,
      items: prepared.items.test,
      bestLayer: best.layer,
    })
    await store.recordRuns({ ...place, layersTogether: [best.layer], ...computed })
  }
}
