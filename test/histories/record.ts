/**
 * Writes the histories that test/workflows/replay.test.ts replays: one sweep of a tiny model, its sweep, model, task
 * and experiments workflows, and another that was cancelled, as this version of the code ran them. Keep the old ones: running sweeps go on under new code.
 *
 *   npx tsx test/histories/record.ts NAME
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { projectRoot } from '../../src/system/home.js'
import { connectClient } from '../../src/temporal/connection.js'
import { ensureServer } from '../../src/temporal/server.js'
import { Sandbox, until } from '../sweep/sandbox.js'

const [name = 'latest'] = process.argv.slice(2)
await using sandbox = await Sandbox.create()
const config = sandbox.config('recorded', {
  tasks: ['algorithmic_to_upper', 'algorithmic_list_last'],
  devItems: 2,
  testItems: 2,
  baselineItems: 2,
  layersPerActivity: 2,
  experiments: [
    'main',
    { robustness: { thetas: 2, devItems: 2 } },
    { conflicting: { items: 2 } },
    { projection: { top: 2 } },
    { beyond: { items: 2, demonstrationSets: [1], decodability: { thetas: 2 } } },
  ],
})
const run = await sandbox.taskvec(['run', config])
if (run.exitCode !== 0) throw new Error(run.stderr)
const server = await ensureServer({ home: sandbox.home })
const { client, connection } = await connectClient(server.settings)

const long = sandbox.taskvec([
  'run',
  sandbox.config('cancelled', {
    ...{ tasks: ['algorithmic_to_upper', 'algorithmic_list_last'], layersPerActivity: 1 },
    ...{ devItems: 60, testItems: 2, baselineItems: 2 },
  }),
])
await until('it computes', () => sandbox.said(long, 'tiny: in memory'))
for await (const { workflowId, type } of client.workflow.list({ query: "ExecutionStatus = 'Running'" }))
  if (type === 'sweepWorkflow') await client.workflow.getHandle(workflowId).cancel()
const { exitCode } = await long
if (exitCode !== 4) throw new Error(`the second sweep ended with exit code ${exitCode}, not cancelled`)

const histories: Record<string, unknown> = {}
for await (const { workflowId, type, runId } of client.workflow.list()) {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  histories[`${type} ${workflowId.split('/').slice(2).join('/')}`] = JSON.parse(
    historyToJSON(history),
  ) as unknown
}
await connection.close()
await server.stop()
writeFileSync(join(projectRoot(), 'test', 'histories', `${name}.json`), JSON.stringify(histories))
process.stdout.write(`${Object.keys(histories).join('\n')}\n`)
