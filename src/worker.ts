import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import {
  createAnalysisActivities,
  createComputeActivities,
  createStoreActivities,
  type ComputeObserver,
  type StoreObserver,
} from '../activities/index.js'
import { EnginePool } from '../activities/engine-pool.js'
import { taskvecHome } from './system/home.js'
import { availableMemory } from './engine/planner.js'
import { devicesHere } from './engine/session-options.js'
import { TaskvecError } from './domain/errors.js'
import type { Store } from './store/store.js'
import { identityOf, thisWorker } from './temporal/worker-identity.js'
import { workflowBundle, workflowFailureErrorTypes } from './temporal/bundle.js'
import type { WorkerConnection } from './temporal/connection.js'
import { kernelsHere } from './engine/kernels.js'
import { engineMetrics } from './temporal/metrics.js'
import { analysisQueue, contentQueue, modelQueue, storeQueue } from './temporal/names.js'
import { openCheckpoint } from './weights/open.js'

/** Workers that run until `shutdown`. */
export interface RunningWorkers {
  /** Resolves when they have stopped; rejects if one failed. */
  readonly done: Promise<void>
  readonly shutdown: () => Promise<void>
}

/**
 * Must be called before a process starts its first worker. Temporal's messages go to a file, since the terminal shows progress.
 * `metrics`: HOST:PORT that serves Prometheus metrics of workers and engines; default: none.
 */
export function installRuntime(file: string, metrics?: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const logger = new DefaultLogger('WARN', ({ level, timestampNanos, message, meta }) => {
    const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString()
    const line = JSON.stringify({ time, level, message, ...meta }, (_, value: unknown) =>
      value instanceof Error ? value.stack : value,
    )
    try {
      appendFileSync(file, `${line}\n`)
    } catch {
      // On a full disk, log lines are lost and the sweep continues.
    }
  })
  // taskvec handles Ctrl-C itself, to stop engines, workers and server in this order.
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} },
      ...(metrics === undefined ? {} : { metrics: { prometheus: { bindAddress: metrics } } }),
    },
  })
}

/** Starts the workers for workflows and store activities of a database, its single writer, and for analyses. */
export async function startStoreWorker(
  server: WorkerConnection,
  storeName: string,
  store: Store,
  db: string,
  observer: StoreObserver,
): Promise<RunningWorkers> {
  const worker = await Worker.create({
    ...server,
    taskQueue: storeQueue(storeName),
    workflowBundle: workflowBundle(),
    activities: createStoreActivities(store, observer),
    workflowFailureErrorTypes,
    maxConcurrentActivityTaskExecutions: 1,
    shutdownGraceTime: '1 second',
  })
  const analyses = await Worker.create({
    ...server,
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
  readonly server: WorkerConnection
  /** Model ids, each with the path of its folder or GGUF file. */
  readonly models: ReadonlyMap<string, string>
  /** Maximum number of engine processes. */
  readonly engines: number
  /** Memory of all engine processes together, bytes; default: that of the machine or control group. */
  readonly memoryLimit?: number | undefined
  /** Called once per model with the plan of its engine. */
  readonly onPlan?: (model: string, plan: string) => void
}

export interface ComputeWorkers extends RunningWorkers {
  readonly pool: EnginePool
  /** Resolves when the files of all models have been read and their queues are polled. */
  readonly ready: Promise<void>
}

/**
 * Starts workers for forward passes of some models, with one pool of engine processes. Each model has two queues: by id, where
 * sweeps ask for its content, and by content, which has the work. If a model's files cannot be read, only the queue by id is polled,
 * and activities there fail with the reason.
 */
export function startComputeWorkers({
  server,
  models,
  engines,
  memoryLimit,
  onPlan,
  ...observer
}: ComputeWorkerOptions): ComputeWorkers {
  const told = new Set<string>()
  const device = devicesHere().join(', ')
  const memory = memoryLimit ?? availableMemory()
  const pool = new EnginePool(
    (model) => models.get(model) ?? '',
    engines,
    { memoryLimit: memory / engines, passFolder: join(taskvecHome(), 'passes') },
    (model, plan) => {
      if (!told.has(model)) onPlan?.(model, plan)
      told.add(model)
    },
  )
  const measured = engineMetrics(pool)
  const { main, further } = createComputeActivities(pool, {
    ...observer,
    onProgress(work) {
      if (work.fraction >= 1) measured.done(work)
      observer.onProgress?.(work)
    },
  })
  const workers: RunningWorkers[] = []
  let stopping = false

  async function serve(model: string, path: string): Promise<void> {
    const content = await contentOf(path)
    const kernels = await kernelsHere()
    const identity = identityOf({ worker: thisWorker(), model, content, engines, memory, device, kernels })
    for (const [taskQueue, atOnce] of [
      [modelQueue(model), 2],
      // One more than engines, so that the next request is ready when an engine becomes idle.
      ...(content === '' ? [] : [[contentQueue(model, content), engines + 1] as const]),
    ] as const) {
      if (stopping) return
      const worker = await Worker.create({
        ...server,
        identity,
        taskQueue,
        activities: { ...main, ...further },
        maxConcurrentActivityTaskExecutions: atOnce,
        // The default of a minute would delay cancellations that long.
        maxHeartbeatThrottleInterval: '1 second',
        defaultHeartbeatThrottleInterval: '1 second',
        shutdownGraceTime: '1 second',
      })
      workers.push(running([worker]))
    }
  }

  /** Runs in the background, since the files of a large model take a minute to read. */
  async function serveAll(): Promise<void> {
    for (const [model, path] of models) await serve(model, path)
  }
  const ready = serveAll()
  return {
    pool,
    ready,
    done: ready.then(() => Promise.all(workers.map(({ done }) => done))).then(() => {}),
    async shutdown() {
      stopping = true
      await ready.catch(() => {}) // `done` reports it
      measured.stop()
      const stopped = Promise.all(workers.map((worker) => worker.shutdown()))
      await pool.close()
      await stopped
    },
  }
}

/** The content hash; '' if the files cannot be read, which loading them will report. */
async function contentOf(path: string): Promise<string> {
  try {
    const checkpoint = await openCheckpoint(path)
    checkpoint.close()
    return checkpoint.modelHash
  } catch (error) {
    if (error instanceof TaskvecError) return ''
    throw error
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
