import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ComputeActivities, StoreActivities } from '../../activities/index.js'
import { projectRoot } from '../../src/system/home.js'
import type { Failure } from '../../src/store/store-inputs.js'
import { unitName } from '../../src/domain/unit-place.js'
import { workflowFailureErrorTypes } from '../../src/temporal/bundle.js'
import {
  contentQueue,
  modelQueue,
  storeQueue,
  sweepWorkflowId,
  taskWorkflowId,
} from '../../src/temporal/names.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import type { SweepInput } from '../../workflows/inputs.js'
import { sweepWorkflow } from '../../workflows/sweep.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

const store = 'test'
const workflowBundle = { codePath: join(projectRoot(), 'dist', 'workflow-bundle.js') }
let environment: TestWorkflowEnvironment

beforeAll(async () => {
  const { path } = await findServerBinary()
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      // A history that has "grown" after some ten children, so that continue-as-new happens in a small test.
      extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'],
    },
  })
})
afterAll(() => environment.teardown())

interface Circumstances extends Partial<Omit<SweepInput, 'further'>> {
  /** Tasks that fail for good. */
  readonly failing?: readonly string[]
  /** Tasks with further experiments; of `endless` there is always one more. */
  readonly further?: readonly string[]
  /** Tasks with more to hand over than Temporal takes. */
  readonly oversized?: readonly string[]
  /** A task whose workflow is terminated while it computes. */
  readonly terminated?: string
  /** Cancelled once a workflow of this type has continued as new. */
  readonly cancelAfter?: 'modelWorkflow' | 'experimentsWorkflow'
}

const notLarge = async () => {
  throw ApplicationFailure.nonRetryable('no task of these is large')
}
/** test/sweep/large-tasks.test.ts has the real ones. */
const forLargeTasks = {
  pairSlice: notLarge,
  planLargeTask: notLarge,
  nextPart: notLarge,
  nextTestPart: notLarge,
  recordPart: notLarge,
}

/** The real workflows over activities that answer at once; test/sweep runs them over real ones. */
async function sweep(
  id: string,
  tasks: readonly string[],
  { failing = [], further = [], oversized = [], terminated, cancelAfter, ...change }: Circumstances = {},
) {
  const failures: Failure[] = []
  const statuses: string[] = []
  const recorded: string[] = []
  const computed = { runs: [], seconds: 0, computedBy: 'fake' }
  const storeActivities = {
    loadTaskSpec: async ({ task }) => ({ kind: 'builtin', id: task }),
    taskToPrepare: async ({ task }) => ({ size: 'whole', spec: { kind: 'builtin', id: task } }),
    ...forLargeTasks,
    modelContent: async () => null,
    settleModel: async ({ content }) => content,
    planTask: async () => ({
      baselineStored: false,
      missingChunks: [[0], [1]],
      cells: { all: 2, reused: 0 },
    }),
    recordRuns: async () => {},
    chooseBestLayer: async () => ({ layer: 1, devAccuracy: 1, testStored: false }),
    nextStep: async ({ sweepId, model, task, failed }) => {
      if (!further.includes(task)) return null
      // Two units a task; one that is stored or has failed is not asked for again.
      const experiments = task === 'endless' ? [`addition ${recorded.length}`] : ['addition', 'projection']
      const units = experiments.map((experiment) => ({
        ...{ sweepId, model, experiment, task },
        thetaTask: '',
      }))
      const open = units.find(
        (unit) => !failed.includes(unitName(unit)) && !recorded.includes(unitName(unit)),
      )
      if (!open) return null
      const input = { model, modelHash: 'x', task, scoring: 'exact' as const, items: [] }
      return { unit: open, name: 'score', step: { activity: 'addition', input, onThetas: false } }
    },
    recordStep: async ({ unit }) => {
      if (unit.experiment === 'addition' && unit.task === 'b')
        throw ApplicationFailure.nonRetryable('no such row', 'STORE')
      recorded.push(unitName(unit))
    },
    recordFailure: async (failure) => void failures.push(failure),
    setSweepStatus: async ({ status }) => void statuses.push(status),
  } satisfies StoreActivities
  const { nativeConnection: connection, client } = environment
  const computeActivities = {
    describeModel: async () => ({ hash: 'x', numerics: '{}' }),
    prepareTask: async ({ spec }) => {
      if (failing.includes(spec.id)) throw ApplicationFailure.nonRetryable('too few pairs', 'TASK')
      const items = { baseline: [], dev: [], test: [] }
      return {
        info: { modelHash: 'x' } as Awaited<ReturnType<ComputeActivities['prepareTask']>>['info'],
        prepared: {
          task: spec.id,
          category: 'custom',
          scoring: 'exact',
          reading: 'as-written',
          pairs: null,
          items,
          warnings: oversized.includes(spec.id) ? ['x'.repeat(1_950_000)] : [],
        },
        layerChunks: [[0], [1]],
      }
    },
    runBaseline: async ({ task }) => {
      if (task === terminated)
        await client.workflow.getHandle(taskWorkflowId(store, id, 'm', task)).terminate('by the test')
      return computed
    },
    readPairs: notLarge,
    runDev: async () => computed,
    runTest: async () => computed,
    addition: async () => ({ scores: [] }),
  } satisfies ComputeActivities & { addition: () => Promise<object> }
  const { describeModel } = computeActivities
  const workers = await Promise.all([
    Worker.create({
      ...{ connection, workflowBundle, workflowFailureErrorTypes },
      ...{ taskQueue: storeQueue(store), activities: storeActivities },
    }),
    // By its id it is only asked what it is; the work comes by its content.
    Worker.create({ connection, taskQueue: modelQueue('m'), activities: { describeModel } }),
    Worker.create({ connection, taskQueue: contentQueue('m', 'x'), activities: computeActivities }),
  ])
  const protocol = {
    seed: 1,
    demonstrations: 1,
    dummyQueries: 1,
    dummyMayBeDemonstration: true,
    testItems: 1,
    devItems: 1,
    baselineItems: 1,
  }
  const input: SweepInput = {
    sweepId: id,
    store,
    protocol,
    layers: 'all',
    layersPerActivity: 1,
    tasksInFlight: 3,
    models: ['m'],
    tasks,
    ...(further.length > 0 ? { further: true } : {}),
    ...change,
  }
  const running = workers.map((worker) => worker.run())
  const handle = await client.workflow.start(sweepWorkflow, {
    workflowId: sweepWorkflowId(store, id),
    taskQueue: storeQueue(store),
    args: [input],
  })
  if (cancelAfter) {
    while ((await continued(cancelAfter, id)) === 0) await sleep(100)
    await handle.cancel()
  }
  const tally = await handle.result().catch((error: Error) => error.cause)
  const left = await stillRunning(id)
  for (const worker of workers) worker.shutdown()
  await Promise.all(running)
  return { tally, failures, statuses, recorded, left }
}

/** How many of a sweep's workflows run on after its end; the server lists an end with a delay. */
async function stillRunning(id: string): Promise<number> {
  const query = `ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${sweepWorkflowId(store, id)}'`
  for (const end = Date.now() + 60_000; ; await sleep(100)) {
    const { count } = await environment.client.workflow.count(query)
    if (count === 0 || Date.now() > end) return count
  }
}

/** Runs of a sweep's workflows that were followed by another. */
async function continued(type: string, id: string): Promise<number> {
  const query = `WorkflowType = '${type}' AND ExecutionStatus = 'ContinuedAsNew' AND WorkflowId STARTS_WITH '${sweepWorkflowId(store, id)}/'`
  return (await environment.client.workflow.count(query)).count
}

const thisWorker = `${process.pid}@${hostname()}`

describe('a sweep', () => {
  it('of many tasks continues its model as new when the history has grown, and counts every task', async () => {
    const tasks = Array.from({ length: 40 }, (_, i) => `task_${i}`)
    const { tally, statuses } = await sweep('many', tasks)
    expect(tally).toEqual({ complete: 40, failed: 0 })
    expect(statuses).toEqual(['complete'])
    expect(await continued('modelWorkflow', 'many')).toBeGreaterThan(0)
  })

  it('with a task that fails for good records why, completes the others, and is marked as failed', async () => {
    const { tally, failures, statuses } = await sweep('failing', ['a', 'b', 'c'], { failing: ['b'] })
    expect(tally).toEqual({ complete: 2, failed: 1 })
    expect(failures).toEqual([
      {
        ...{ sweepId: 'failing', model: 'm', task: 'b', code: 'TASK', message: 'too few pairs', attempts: 1 },
        ...{ log: '', worker: thisWorker },
      },
    ])
    expect(statuses).toEqual(['failed'])
  })

  it('with a step whose result exceeds the limit of Temporal records that at once, and completes the others', async () => {
    const { tally, failures } = await sweep('oversized', ['a', 'b', 'c'], { oversized: ['b'] })
    expect(tally).toEqual({ complete: 2, failed: 1 })
    expect(failures).toMatchObject([{ task: 'b', code: 'PAYLOAD', attempts: 1 }])
    expect(failures[0]?.message).toMatch(
      /takes 2\.\d MB, but Temporal accepts at most 1\.9 MB\n {2}Lower the number/,
    )
  })

  it('whose task’s workflow is terminated records that, and completes the others', async () => {
    const { tally, failures, statuses } = await sweep('terminated', ['a', 'b', 'c'], { terminated: 'b' })
    expect(tally).toEqual({ complete: 2, failed: 1 })
    expect(failures).toMatchObject([{ model: 'm', task: 'b', code: 'WORKFLOW' }])
    expect(failures[0]?.message).toMatch(
      /^its taskWorkflow was terminated.*\n {2}Try it again: taskvec resume/,
    )
    expect(statuses).toEqual(['failed'])
  })

  it('with a bug in a model’s workflow records it as a failure of the model, and ends', async () => {
    const leave = { m: { tasks: null as unknown as string[], units: [] } }
    const { tally, failures, statuses } = await sweep('bug', ['a', 'b'], { leave })
    expect(tally).toEqual({ complete: 0, failed: 2 })
    expect(failures).toMatchObject([{ model: 'm', task: '', code: 'WORKFLOW' }])
    expect(failures[0]?.message).toContain('its modelWorkflow failed: ')
    expect(statuses).toEqual(['failed'])
  })

  it('runs further experiments after the main one; one that fails for good does not affect the others', async () => {
    const { tally, failures, statuses, recorded } = await sweep('further', ['a', 'b'], {
      further: ['a', 'b', ''],
    })
    expect(recorded.sort()).toEqual(
      ['addition  ', 'addition a ', 'projection  ', 'projection a ', 'projection b '].sort(),
    )
    expect(failures).toEqual([
      {
        ...{ sweepId: 'further', model: 'm', task: 'b', experiment: 'addition' },
        ...{ code: 'STORE', message: 'no such row', attempts: 1, log: '', worker: '' },
      },
    ])
    expect(tally).toEqual({ complete: 2, failed: 1 })
    expect(statuses).toEqual(['failed'])
  })

  it('stops after maxFailures with work left, and counts only finished tasks as done', async () => {
    const tasks = Array.from({ length: 30 }, (_, i) => `task_${i}`)
    const { tally, failures, statuses } = await sweep('hopeless', tasks, {
      ...{ failing: tasks, maxFailures: 4, tasksInFlight: 1 },
    })
    expect(tally).toMatchObject({ complete: 0, stopped: true })
    expect(failures.length).toBeGreaterThanOrEqual(4)
    expect(failures.length).toBeLessThan(30)
    expect(statuses).toEqual(['failed'])
  })

  it('with fewer failures than maxFailures runs to the end', async () => {
    const { tally } = await sweep('hopeful', ['a', 'b', 'c'], { failing: ['a'], maxFailures: 2 })
    expect(tally).toEqual({ complete: 2, failed: 1 })
  })

  it('does not retry earlier failures if told so, and stays failed', async () => {
    const { tally, failures, statuses, recorded } = await sweep('left', ['a', 'b', 'c'], {
      further: ['b', 'c'],
      leave: { m: { tasks: ['a'], units: [{ task: 'c', name: 'addition c ' }] } },
    })
    expect(failures.map(({ task, experiment }) => [task, experiment])).toEqual([['b', 'addition']])
    expect(recorded.sort()).toEqual(['projection b ', 'projection c '])
    expect(tally).toEqual({ complete: 2, failed: 3 })
    expect(statuses).toEqual(['failed'])
  })

  it.each(['modelWorkflow', 'experimentsWorkflow'] as const)(
    'that is cancelled stops a %s that has continued as new, and leaves none running',
    async (cancelAfter) => {
      const tasks = ['endless', ...Array.from({ length: 400 }, (_, i) => `task_${i}`)]
      const { tally, statuses, left } =
        cancelAfter === 'modelWorkflow'
          ? await sweep('cancelled-model', tasks, { cancelAfter })
          : await sweep('cancelled-experiments', ['endless'], { cancelAfter, further: ['endless'] })
      expect(tally).toBeInstanceOf(CancelledFailure)
      expect(statuses).toEqual(['cancelled'])
      expect(left).toBe(0)
    },
  )

  it('stops after maxFailures also where its model has continued as new', async () => {
    const tasks = Array.from({ length: 40 }, (_, i) => `task_${i}`)
    const { tally, failures, left } = await sweep('hopeless-later', tasks, {
      ...{ failing: tasks, maxFailures: 20, tasksInFlight: 1 },
    })
    expect(tally).toMatchObject({ complete: 0, stopped: true })
    expect(failures.length).toBeLessThan(40)
    expect(await continued('modelWorkflow', 'hopeless-later')).toBeGreaterThan(0)
    expect(left).toBe(0)
  })
})
