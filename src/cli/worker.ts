import { Command } from 'commander'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { taskvecHome } from '../config/home.js'
import { TaskvecError } from '../domain/errors.js'
import { locateModel } from '../models/locate.js'
import { connectWorker, existingServer } from '../temporal/connection.js'
import { logWorkersTo, startComputeWorkers } from '../worker.js'
import { enginesOption, memoryLimitOption } from './options.js'

interface WorkerOptions {
  models: string
  address?: string
  engines?: number
  memoryLimit?: number
}

/** `taskvec worker`. */
export function workerCommand(): Command {
  return new Command('worker')
    .description(
      'Take part in sweeps from another process or machine: forward passes only; the database stays where it is.',
    )
    .requiredOption(
      '--models <ids>',
      'models to compute, comma-separated: ID, or ID=PATH for one that a config names by path',
    )
    .option('--address <host:port>', 'the Temporal server (default: TEMPORAL_ADDRESS)')
    .addOption(enginesOption())
    .addOption(memoryLimitOption())
    .addHelpText(
      'after',
      `
The other TEMPORAL_ variables (namespace, TLS, API key) are read as by taskvec run. Ctrl-C stops it; what it was
computing goes to another worker.

Examples:
  $ taskvec worker --models smollm2-135m --address 192.0.2.7:7233
  $ taskvec worker --models pythia-2.8b,mine=/weights/mine.gguf --engines 2`,
    )
    .action(work)
}

async function work({ models, address, engines, memoryLimit }: WorkerOptions): Promise<void> {
  const settings = existingServer(address)
  if (!settings)
    throw new TaskvecError('USAGE', 'a worker needs the address of a Temporal server', {
      hint: 'Give --address HOST:PORT, or set TEMPORAL_ADDRESS.',
    })
  const located = new Map(models.split(',').map(locate))
  logWorkersTo(join(taskvecHome(), 'worker.log'))
  const connection = await connectWorker(settings)
  const workers = await startComputeWorkers({
    connection,
    namespace: settings.namespace,
    models: located,
    engines: engines ?? availableParallelism(),
    memoryLimit,
    onPlan: (model, plan) => void process.stderr.write(`${model}: ${plan}\n`),
    onProgress: ({ model, task, phase, fraction }) =>
      fraction >= 1 && process.stderr.write(`${model} ${task} ${phase}: done\n`),
  })
  process.stderr.write(
    `Worker for ${[...located.keys()].join(', ')} at ${settings.address}; Ctrl-C stops it.\n`,
  )
  const stop = () => void workers.shutdown()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  await workers.done
  await workers.shutdown()
  await connection.close()
}

function locate(entry: string): [string, string] {
  const [id = '', path] = entry.trim().split('=', 2)
  return [id, locateModel(path === undefined ? { id } : { id, path: resolve(path) })]
}
