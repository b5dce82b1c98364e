import { setMaxListeners } from 'node:events'
import { arch, availableParallelism, cpus, hostname, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type { SweepInput } from '../../workflows/inputs.js'
import { taskvecHome } from '../system/home.js'
import { hasFurther, sweepId, type SweepConfig } from '../config/sweep-config.js'
import { unitKinds, unitsOf } from '../experiments/catalog.js'
import { canonicalJson } from '../domain/identity.js'
import { locateModel } from '../models/locate.js'
import { openReadOnly } from '../store/open.js'
import { databaseIdentity } from '../store/sweeps.js'
import { openStore } from '../store/store.js'
import type { NewSweep } from '../store/store-inputs.js'
import { lockForWriting } from '../store/writer-lock.js'
import { connectWorker, existingServer, type ServerOptions } from '../temporal/connection.js'
import { storeQueue, sweepWorkflowId } from '../temporal/names.js'
import { say } from '../system/log.js'
import { ensureServer } from '../temporal/server.js'
import { installRuntime, startComputeWorkers, startStoreWorker } from '../worker.js'
import { AbandonedSweeps } from './abandoned-sweeps.js'
import { AbsentModels } from './absent-models.js'
import { codeVersion } from './code-version.js'
import { followWorkflow, type Server, type SweepOutcome } from './follow-workflow.js'
import { checkKindsOfProcessor } from './kinds-of-processor.js'
import { skippedFailures } from './skipped-failures.js'
import { ProgressDisplay, sayBegun } from './progress.js'
import { SweepReading } from './sweep-reading.js'
import { WriteOutage } from './write-outage.js'

export interface RunOptions {
  readonly db: string
  /** Maximum number of engine processes; default: one per core. */
  readonly engines?: number | undefined
  /** Memory of all engine processes together, bytes; default: the config's limit, else the machine's memory. */
  readonly memoryLimit?: number | undefined
  /** Ids of models that workers on other machines compute. */
  readonly elsewhere?: readonly string[]
  readonly server?: ServerOptions
  /** HOST:PORT that serves metrics. */
  readonly metrics?: string | undefined
  /** Whether tasks that failed for good in an earlier run are retried; else they are skipped. */
  readonly retryFailed: boolean
  /** Aborted by Ctrl-C: stops everything; the sweep can be resumed. */
  readonly signal: AbortSignal
}

/**
 * Runs or resumes a sweep: database, server, workers, workflow, live progress. Stored results are not recomputed. Errors: MODEL if
 * weights are missing, WORKER, STORE, SERVER.
 */
export async function runSweep(
  config: SweepConfig,
  { db, engines, memoryLimit, elsewhere = [], server: named = {}, metrics, retryFailed, signal }: RunOptions,
): Promise<SweepOutcome> {
  const here = config.models.filter(({ id }) => !elsewhere.includes(id))
  const models = new Map(here.map((model) => [model.id, locateModel(model)]))
  const store = openStore(db, unitKinds)
  const closing: (() => unknown)[] = [() => store.close()]
  try {
    const lock = await lockForWriting(db)
    closing.push(() => lock.release())
    const id = sweepId(config)
    store.createSweep(newSweep(id, config, models))
    const reader = openReadOnly(db)
    closing.push(() => reader.close())
    await checkKindsOfProcessor(reader, id, config, models.keys(), (line) => say(line))
    store.setSweepStatus(id, 'running')

    const server = await reachServer(named)
    closing.push(() => server.stop())
    const { own } = server
    if (signal.aborted) return 'interrupted'
    installRuntime(join(taskvecHome(), 'worker.log'), metrics)
    const connected = await connectWorker(server.settings)
    closing.push(() => connected.connection.close())
    const reading = new SweepReading(reader, id)
    const display = new ProgressDisplay(reader, id, reading)
    closing.push(() => display.stop())

    const trouble = new WriteOutage((line) => display.say(line))
    closing.push(() => trouble.stop())
    const storeName = databaseIdentity(reader)
    const abandoned = new AbandonedSweeps(connected, { store: storeName, sweep: id }, (line) =>
      display.say(line),
    )
    await abandoned.endEarlier()
    const storeWorker = await startStoreWorker(connected, storeName, store, db, { onTrouble: trouble.report })
    closing.push(() => storeWorker.shutdown())
    const width = engines ?? availableParallelism()
    const compute = startComputeWorkers({
      server: connected,
      models,
      engines: width,
      memoryLimit: memoryLimit ?? config.memoryLimit,
      onPlan: (model, plan) => display.say(`${model}: ${plan}`),
      // Only on our own server: elsewhere, the process of a running sweep may be out of reach for a while.
      ...(own ? { admit: (workflow: string) => abandoned.refuse(workflow, own.isShared) } : {}),
      onBegin: sayBegun,
      onProgress: (work) => display.report(work),
    })
    closing.push(() => compute.shutdown())
    const absent = new AbsentModels(
      connected,
      server.settings,
      () => reading.open().filter((model) => elsewhere.includes(model)),
      (line) => display.say(line),
    )
    closing.push(() => absent.stop())

    const watch = new AbortController()
    closing.push(() => watch.abort())
    const ending = AbortSignal.any([signal, watch.signal])
    // Temporal's client adds a listener per long poll, about two a minute, and never removes it.
    setMaxListeners(0, ending)
    const ended = await Promise.race([
      followWorkflow(server, {
        id: sweepWorkflowId(storeName, id),
        queue: storeQueue(storeName),
        retryFailed,
        input() {
          // Failures of whole workflows are always retried, since they need not be the task's fault.
          store.retryFailures(id, retryFailed ? 'all' : 'workflows')
          return { ...inputOf(id, config, storeName, width), leave: skippedFailures(reader, id) }
        },
        signal: ending,
        say: (line) => display.say(line),
      }),
      trouble.lasting,
      lock.lost,
      ...[storeWorker.done, ...(models.size > 0 ? [compute.done] : [])].map((done) =>
        done.then(() => 'interrupted' as const),
      ),
    ])
    return ended
  } finally {
    // In reverse order: nothing is closed before its users.
    for (const close of closing.reverse()) await close()
  }
}

async function reachServer(named: ServerOptions): Promise<Server & { readonly stop: () => Promise<void> }> {
  const log = (line: string) => say(line)
  const settings = existingServer(named)
  if (settings) {
    log(`Temporal server: ${settings.address}, namespace ${settings.namespace}`)
    return { settings, stop: async () => {}, own: null }
  }
  const own = await ensureServer({ log })
  return { settings: own.settings, stop: () => own.stop(), own }
}

function inputOf(id: string, config: SweepConfig, store: string, engines: number): SweepInput {
  return {
    sweepId: id,
    store,
    protocol: config.protocol,
    layers: config.layers,
    layersPerActivity: config.layersPerActivity,
    // Enough that engines never wait for the database or Temporal.
    tasksInFlight: engines + 2,
    models: config.models.map((model) => model.id),
    tasks: config.tasks.map((task) => task.id),
    ...(config.mode ? { mode: config.mode } : {}),
    ...(hasFurther(config) ? { further: true } : {}),
    ...(config.maxFailures === undefined ? {} : { maxFailures: config.maxFailures }),
  }
}

function newSweep(id: string, config: SweepConfig, models: ReadonlyMap<string, string>): NewSweep {
  return {
    id,
    name: config.name,
    config: canonicalJson(config),
    codeVersion: codeVersion(),
    machine: {
      host: hostname(),
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      system: `${platform()} ${arch()} ${release()}`,
      node: process.version,
    },
    protocol: config.protocol,
    units: unitsOf(
      config.experiments,
      config.tasks.map((task) => task.id),
    ),
    ...(config.group === undefined ? {} : { group: config.group }),
    models: config.models.map(({ id: model }) => ({ id: model, source: models.get(model) ?? 'elsewhere' })),
    tasks: config.tasks,
  }
}
