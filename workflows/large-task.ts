import { continueAsNew, workflowInfo } from '@temporalio/workflow'
import type { Protocol, Scoring } from '../src/domain/types.js'
import type { PairMarks } from '../src/tasks/read-list.js'
import type { TaskPart } from '../src/store/task-work.js'
import { throwIfCancelled } from './cancelled.js'
import type { TaskInput } from './inputs.js'
import { recordedInfo } from './recorded-info.js'
import { computeOn, plannerOf, storeOf } from './activity-proxies.js'

/** Well below Temporal's limits of 50 MB and 51,200 events; each part adds about half a megabyte. */
const largestHistory = { bytes: 8_000_000, events: 4_000 }

/**
 * The main experiment of a task with too many items or pairs for one payload, in parts: the store returns the next part and records
 * its result. Between parts, the workflow continues as new if its history has grown.
 */
export async function runLargeTask(
  input: TaskInput,
  large: {
    readonly slices: number
    readonly singleToken: boolean
    readonly scoring: Scoring
    readonly protocol?: Pick<Protocol, 'prompt' | 'paired'>
  },
): Promise<void> {
  const { sweepId, model, task, content, store: storeName } = input
  const place = { sweepId, model, task }
  const mode = input.mode ? { mode: input.mode } : {}
  const store = storeOf(storeName)
  const compute = computeOn(model, content)
  const lanes = input.lanes ?? (await prepare())

  const under: string[] = []
  await Promise.all(Array.from({ length: lanes }, () => untilDone(() => store.nextPart({ ...place, under }))))
  await startAnewIfGrown()
  await store.chooseBestLayer(place)
  await untilDone(() => store.nextTestPart(place))
  await startAnewIfGrown()

  async function prepare(): Promise<number> {
    const { slices, ...how } = large
    const marks: PairMarks[] = []
    let partial = 0
    let info: ReturnType<typeof recordedInfo> | undefined
    for (let slice = 0; slice < slices; slice++) {
      const pairs = await store.pairSlice({ sweepId, task, slice })
      const known = content ? { content } : {}
      const read = await compute.readPairs({ model, task, pairs, ...how, ...known, ...mode })
      marks.push(read.marks)
      partial += read.partial
      info = recordedInfo(read.info)
    }
    if (!info) throw new Error(`${task}: no slice of its pairs was read`)
    const { layers, layersPerActivity } = input
    const plan = await plannerOf().planLargeTask({
      ...place,
      info,
      marks,
      partial,
      layers,
      layersPerActivity,
    })
    return plan.lanes
  }

  /** Computes one part after another, until none is left or the history has grown. */
  async function untilDone(next: () => Promise<TaskPart | null>): Promise<void> {
    while (!grown()) {
      const part = await next()
      if (!part || under.includes(part.name)) return
      under.push(part.name)
      await computePart(part)
      under.splice(under.indexOf(part.name), 1)
    }
  }

  async function computePart({ name: _, activity, layersTogether, ...own }: TaskPart): Promise<void> {
    const on = { ...own, ...mode, model, task }
    const computed =
      activity === 'runBaseline'
        ? await compute.runBaseline(on)
        : activity === 'runDev'
          ? await compute.runDev({ ...on, layers: layersTogether })
          : await compute.runTest({ ...on, bestLayer: layersTogether[0] as number })
    await store.recordPart({ ...place, layersTogether, first: own.part.first, ...computed })
  }

  async function startAnewIfGrown(): Promise<void> {
    if (!grown()) return
    throwIfCancelled()
    await continueAsNew<(input: TaskInput) => Promise<'complete' | 'failed'>>({ ...input, lanes })
  }
}

function grown(): boolean {
  const { historySize, historyLength } = workflowInfo()
  return historySize > largestHistory.bytes || historyLength > largestHistory.events
}
