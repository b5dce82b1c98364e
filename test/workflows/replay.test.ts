import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { recordedInfo } from '../../workflows/recorded-info.js'
import { info } from '../store/sample.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

const folder = join(projectRoot(), 'test', 'histories')
const workflowBundle = { codePath: join(projectRoot(), 'dist', 'workflow-bundle.js') }

const recorded = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) =>
    Object.entries(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, object>).map(
      ([id, history]) => ({ version: name, id, history }),
    ),
  )

// Written by: npx tsx test/histories/record.ts NAME
describe('a workflow that began under a released version', () => {
  it.each(recorded)('replays with this version: $version, $id', async ({ history }) => {
    await expect(Worker.runReplayHistory({ workflowBundle }, history)).resolves.toBeUndefined()
  })

  it('is distinguished from one whose steps have changed', async () => {
    const history = recorded.find(({ id }) => id.startsWith('taskWorkflow'))?.history
    const altered = JSON.parse(
      JSON.stringify(history).replaceAll('"planTask"', '"someOtherActivity"'),
    ) as object
    await expect(Worker.runReplayHistory({ workflowBundle }, altered)).rejects.toThrow(/Nondeterminism/)
  })

  it('computes for the model that its history names, under its former name too', () => {
    const { modelHash, ...rest } = info
    expect(recordedInfo({ ...rest, contentHash: modelHash } as never)).toEqual(info)
    expect(recordedInfo(info)).toEqual(info)
  })
})
