import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DefaultLogger, Runtime, Worker, type NativeConnection } from '@temporalio/worker'
import {
  createAnalysisActivities,
  createComputeActivities,
  createStoreActivities,
  type ComputeObserver,
  type StoreObserver,
} from '../activities/index.js'
import { EnginePool } from '../activities/engine-pool.js'
import { taskvecHome } from './config/home.js'
import { availableMemory } from './engine/planner.js'
import type { Store } from './store/store.js'
import { workflowBundle } from './temporal/bundle.js'
import { analysisQueue, modelQueue, storeQueue } from './temporal/names.js'

/** Some workers, running until `shutdown`. */
export interface RunningWorkers {
  /** Settles when they have stopped; rejects where one failed. */
  readonly done: Promise<void>
  readonly shutdown: () => Promise<void>
}

/** Temporal's own messages go to a file: a terminal shows progress. Call before the first worker of a process. */
export function logWorkersTo(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const logger = new DefaultLogger('WARN', ({ level, timestampNanos, message, meta }) => {
    const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString()
    appendFileSync(
      file,
      JSON.stringify({ time, level, message, ...meta }, (_, value: unknown) =>
        value instanceof Error ? value.stack : value,
      ) + '\n',
    )
  })
  // Ctrl-C is taskvec's own to handle: engines, workers and server end in this order.
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  })
}

/** Workflows and store activities of one database: the single writer. */
export async function startStoreWorker(
  connection: NativeConnection,
  namespace: string,
  storeName: string,
  store: Store,
  db: string,
  observer: StoreObserver,
): Promise<RunningWorkers> {
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: storeQueue(storeName),
    workflowBundle: await workflowBundle(),
    activities: createStoreActivities(store, observer),
    maxConcurrentActivityTaskExecutions: 1,
    shutdownGraceTime: '1 second',
  })
  const analyses = await Worker.create({
    connection,
    namespace,
    taskQueue: analysisQueue(storeName),
    activities: createAnalysisActivities(db),
    maxConcurrentActivityTaskExecutions: 1,
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: '1 second',
  })
  return running([worker, analyses])
}

export interface ComputeWorkerOptions extends ComputeObserver {
  readonly connection: NativeConnection
  readonly namespace: string
  /** Each model's id, and where its folder or GGUF file is on this machine. */
  readonly models: ReadonlyMap<string, string>
  /** Engine processes at most. */
  readonly engines: number
  /** Bytes that all engine processes together may hold; default: what the machine or its control group has. */
  readonly memoryLimit?: number | undefined
  /** Told how an engine holds a model, once per model. */
  readonly onPlan?: (model: string, plan: string) => void
}

/** Forward passes for some models: a queue for each, one pool of engine processes for all. */
export async function startComputeWorkers({
  connection,
  namespace,
  models,
  engines,
  memoryLimit,
  onPlan,
  ...observer
}: ComputeWorkerOptions): Promise<RunningWorkers & { pool: EnginePool }> {
  const told = new Set<string>()
  const pool = new EnginePool(
    (model) => models.get(model) ?? '',
    engines,
    {
      memoryLimit: (memoryLimit ?? availableMemory()) / engines,
      passFolder: join(taskvecHome(), 'passes'),
    },
    (model, plan) => {
      if (!told.has(model)) onPlan?.(model, plan)
      told.add(model)
    },
  )
  const activities = createComputeActivities(pool, observer)
  const workers: Worker[] = []
  for (const model of models.keys()) {
    workers.push(
      await Worker.create({
        connection,
        namespace,
        taskQueue: modelQueue(model),
        activities,
        // One more than there are engines: the next request is at hand when an engine falls idle.
        maxConcurrentActivityTaskExecutions: engines + 1,
        // The default of a minute would let a cancellation wait that long.
        maxHeartbeatThrottleInterval: '1 second',
        defaultHeartbeatThrottleInterval: '1 second',
        shutdownGraceTime: '1 second',
      }),
    )
  }
  const all = running(workers)
  return {
    pool,
    done: all.done,
    async shutdown() {
      const stopped = all.shutdown()
      await pool.close()
      await stopped
    },
  }
}

function running(workers: readonly Worker[]): RunningWorkers {
  const done = Promise.all(workers.map((worker) => worker.run())).then(() => {})
  return {
    done,
    async shutdown() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
      await done
    },
  }
}
