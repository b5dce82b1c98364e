import { Command } from 'commander'
import { TaskvecError } from '../domain/errors.js'
import { formatBytes } from '../domain/bytes.js'
import { boxedTable } from '../report/boxed-table.js'
import { openReadOnly } from '../store/open.js'
import { findSweep, modelsOf } from '../store/sweeps.js'
import { workersWith, type SeenWorker } from '../temporal/worker-identity.js'
import { connectClient, existingServer, type ServerOptions } from '../temporal/connection.js'
import { runningServer } from '../temporal/server.js'
import { addServerOptions, dbOption } from './options.js'

/** `usable`: its model has the same content hash as the sweep's. */
type Listed = SeenWorker & { readonly usable: boolean }

/** `taskvec workers [SWEEP]`. */
export function workersCommand(): Command {
  const command = new Command('workers')
    .argument('[sweep]', 'id or name (default: the latest)')
    .addOption(dbOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Workers announce themselves through the Temporal server; one that stopped is
listed for up to 75 s. "other files" marks a worker whose model of that id has
other weights than the sweep's: it gets no work.

Examples:
  $ taskvec workers
  $ taskvec workers quickstart --address 192.0.2.7:7233 --json`,
    )
    .action(workers)
  return addServerOptions(command)
}

async function workers(
  wanted: string | undefined,
  { db, json, ...server }: ServerOptions & { db: string; json?: boolean },
): Promise<void> {
  const reader = openReadOnly(db)
  const models = modelsOf(reader, findSweep(reader, wanted).id)
  reader.close()
  const settings = existingServer(server) ?? runningServer()
  if (!settings)
    throw new TaskvecError('SERVER', 'no Temporal server is running here, so workers cannot be listed', {
      hint: 'Pass --address, set TEMPORAL_ADDRESS, or start a sweep.',
    })
  const { connection } = await connectClient(settings)
  try {
    const rows: Listed[] = []
    for (const { model, modelHash } of models)
      for (const seen of await workersWith(connection, settings.namespace, model))
        rows.push({ ...seen, usable: modelHash === null || seen.content === modelHash })
    const absent = models.filter(({ model }) => !rows.some((row) => row.model === model && row.usable))
    if (json)
      process.stdout.write(JSON.stringify({ workers: rows, absent: absent.map(({ model }) => model) }) + '\n')
    else
      process.stdout.write(
        `${render(rows)}\n${absent.map(({ model }) => `no worker has ${model}\n`).join('')}`,
      )
  } finally {
    await connection.close()
  }
}

function render(rows: readonly Listed[]): string {
  return boxedTable(
    ['worker', 'model', 'content', 'engines', 'memory', 'device', 'processor', 'seen'],
    rows.map(({ worker, model, content, engines, memory, device, kernels, lastSeen, usable }) => [
      worker,
      model,
      `${content.slice(0, 12)}${usable ? '' : ' (other files)'}`,
      engines,
      formatBytes(memory),
      device,
      kernels,
      lastSeen.toISOString().slice(11, 19),
    ]),
  )
}
