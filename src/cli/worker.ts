import { Command } from 'commander'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { taskvecHome } from '../system/home.js'
import { TaskvecError } from '../domain/errors.js'
import { checkModel } from '../models/check.js'
import { locateModel, pulledModel } from '../models/locate.js'
import { pullModel } from '../models/pull.js'
import { connectWorker, existingServer, type ServerOptions } from '../temporal/connection.js'
import { sayBegun, sayDone } from '../sweep/progress.js'
import { logAs, say } from '../system/log.js'
import { installRuntime, startComputeWorkers } from '../worker.js'
import {
  addServerOptions,
  enginesOption,
  logFormatOption,
  memoryLimitOption,
  metricsOption,
} from './options.js'
import { expanded } from '../system/home.js'

interface WorkerOptions extends ServerOptions {
  models: string
  engines?: number
  memoryLimit?: number
  metrics?: string
  logFormat: 'text' | 'json'
}

/** `taskvec worker`. */
export function workerCommand(): Command {
  const command = new Command('worker')
    .requiredOption(
      '--models <ids>',
      'models to compute, comma-separated: ID, or ID=PATH for a model that the config names by path',
    )
    .addOption(enginesOption())
    .addOption(memoryLimitOption())
    .addOption(logFormatOption())
    .addOption(metricsOption())
    .addHelpText(
      'after',
      `
Missing catalogue models are pulled, and every model's files are checked before
the worker announces it. It needs only the Temporal server: no shared disk and no
access to the database. Ctrl-C stops it; another worker takes over its activities.
taskvec workers lists all workers.

Examples:
  $ taskvec worker --models smollm2-135m-q4 --address 192.0.2.7:7233
  $ taskvec worker --models pythia-2.8b,mine=/weights/mine.gguf --engines 2
  $ taskvec worker --models gpt-j-6b --address my.tmprl.cloud:7233 --namespace my --api-key-file key.txt
  $ taskvec worker --models mine=/w --address 10.0.0.1:7233 --tls-ca ca.pem --tls-cert me.pem --tls-key me.key`,
    )
    .action(work)
  return addServerOptions(command)
}

async function work({
  models,
  engines,
  memoryLimit,
  metrics,
  logFormat,
  ...server
}: WorkerOptions): Promise<void> {
  logAs(logFormat)
  const settings = existingServer(server)
  if (!settings)
    throw new TaskvecError('USAGE', 'a worker needs the address of a Temporal server', {
      hint: 'Give --address HOST:PORT, or set TEMPORAL_ADDRESS.',
    })
  const located = new Map<string, string>()
  for (const entry of models.split(',')) located.set(...(await checked(entry)))
  installRuntime(join(taskvecHome(), 'worker.log'), metrics)
  const connected = await connectWorker(settings)
  const workers = startComputeWorkers({
    server: connected,
    models: located,
    engines: engines ?? availableParallelism(),
    memoryLimit,
    onPlan: (model, plan) => say(`${model}: ${plan}`),
    onBegin: sayBegun,
    onProgress(work) {
      if (work.fraction >= 1) sayDone(work)
    },
  })
  const stop = () => void workers.shutdown()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.once('SIGHUP', stop)
  await workers.ready
  say(`Worker for ${[...located.keys()].join(', ')} at ${settings.address}; Ctrl-C stops it.`)
  await workers.done
  await workers.shutdown()
  await connected.connection.close()
}

/** The model's id and path, pulled if missing. Errors: MODEL, DOWNLOAD; WEIGHTS if its files are damaged or incomplete. */
async function checked(entry: string): Promise<[string, string]> {
  const [id = '', path] = entry.trim().split('=', 2)
  if (path === undefined && pulledModel(id) === null)
    await pullModel(id, { onProgress: (event) => event.kind === 'step' && say(event.text) })
  const located = locateModel(path === undefined ? { id } : { id, path: resolve(expanded(path)) })
  const { ok } = await checkModel(located)
  if (!ok)
    throw new TaskvecError('WEIGHTS', `${located}: its files are damaged or incomplete`, {
      hint: `For details: taskvec models check ${located}`,
    })
  return [id, located]
}
