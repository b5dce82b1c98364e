import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Sandbox, until } from './sandbox.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const settings = {
  tasks: ['algorithmic_to_upper', 'algorithmic_list_last'],
  ...{ devItems: 60, testItems: 60, baselineItems: 60, layersPerActivity: 1 },
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

it('a sweep can be watched: by its log as JSON Lines, its metrics, and status --watch, until it ends', async () => {
  const port = await freePort()
  const run = sandbox.taskvec([
    ...['run', sandbox.config('observed', settings), '--log-format', 'json'],
    ...['--metrics', `127.0.0.1:${port}`],
  ])
  await until('it computes', () => sandbox.said(run, 'tiny: in memory'))
  const watch = sandbox.taskvec(['status', '--watch'])
  let metrics = ''
  await until('metrics of engines are there', async () => {
    metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return /^taskvec_engines\b.* [1-9]/m.test(metrics)
  })
  expect(metrics).toMatch(/^taskvec_engine_resident_bytes\b.* [1-9]\d{6,}/m)
  expect(metrics).toMatch(/^temporal_\w+/m)
  const { exitCode, stderr } = await run
  expect(exitCode).toBe(0)

  const records = stderr.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  const sweep = records[0]?.['sweep'] as string
  expect(sweep).toMatch(/^observed-[0-9a-f]{8}$/)
  expect(records.every((record) => record['sweep'] === sweep && typeof record['msg'] === 'string')).toBe(true)
  const activities = records.filter(({ event }) => event === 'activity')
  // 2 tasks of 6 cells, baseline and test, and their preparation; and the model's loading.
  expect(activities.filter(({ phase }) => phase === 'dev')).toHaveLength(12)
  expect(activities[0]).toMatchObject({ model: 'tiny', attempt: 1, activityId: expect.any(String) as string })
  expect(activities.at(-1)?.['workflowId']).toContain(`${sweep}/tiny/`)
  const begun = records.filter(({ event }) => event === 'begun')
  expect(begun).toHaveLength(activities.length)
  expect(begun.find(({ phase }) => phase === 'dev')).toMatchObject({ layers: [expect.any(Number)] })
  expect(
    records
      .filter(({ event }) => event === 'task')
      .map(({ task }) => task)
      .sort(),
  ).toEqual([...settings.tasks].sort())

  const watched = await watch
  expect(watched.exitCode).toBe(0)
  expect(watched.stdout.split('\n').at(-1)).toBe(`${sweep}: complete, 12/12 cells`)
})
