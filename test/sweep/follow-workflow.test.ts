import { mkdtempSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultPayloadConverter } from '@temporalio/common'
import { temporal } from '@temporalio/proto'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { followWorkflow } from '../../src/sweep/follow-workflow.js'
import { connectClient, type ConnectionSettings } from '../../src/temporal/connection.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import { ensureServer, type RunningServer } from '../../src/temporal/server.js'
import type { SweepInput } from '../../workflows/inputs.js'

/** Between a process and its server: can be cut, and put before another server. */
class Link {
  readonly #server = createServer((socket) => this.#forward(socket))
  readonly #sockets = new Set<Socket>()
  #port = 0

  constructor(private to: number) {}

  async open(to = this.to): Promise<ConnectionSettings> {
    this.to = to
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return { address: `127.0.0.1:${this.#port}`, namespace: 'default' }
  }

  cut(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #forward(socket: Socket): void {
    const onward = connect(this.to, '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    for (const end of [socket, onward]) {
      this.#sockets.add(end)
      end.on('error', () => {})
      end.on('close', () => [socket, onward].forEach((each) => each.destroy()))
    }
  }
}

const started: RunningServer[] = []
beforeAll(async () => {
  const { path } = await findServerBinary()
  vi.stubEnv('TEMPORAL_CLI_PATH', path)
  vi.stubEnv('TASKVEC_TEMPORAL_PORT', undefined)
})
afterAll(async () => {
  for (const server of started) await server.stop()
  vi.unstubAllEnvs()
})

async function newServer(): Promise<RunningServer> {
  const server = await ensureServer({ home: mkdtempSync(join(tmpdir(), 'taskvec-')) })
  started.push(server)
  return server
}

const portOf = ({ settings }: RunningServer) => Number(settings.address.split(':')[1])
const sweep = {
  id: 'taskvec/store/sweep',
  queue: 'store',
  retryFailed: false,
  input: () => ({}) as SweepInput,
}

/** Does what the sweep's worker would: takes the workflow's first task and ends the workflow. */
async function complete({ settings }: RunningServer): Promise<void> {
  const { connection } = await connectClient(settings)
  const { namespace } = settings
  const { taskToken } = await connection.withDeadline(Date.now() + 60_000, () =>
    connection.workflowService.pollWorkflowTaskQueue({
      ...{ namespace, taskQueue: { name: sweep.queue }, identity: 'test' },
    }),
  )
  const result = { payloads: [defaultPayloadConverter.toPayload({ complete: 1, failed: 0 })] }
  await connection.workflowService.respondWorkflowTaskCompleted({
    ...{ namespace, taskToken, identity: 'test' },
    commands: [
      {
        commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
        completeWorkflowExecutionCommandAttributes: { result },
      },
    ],
  })
  await connection.close()
}

async function runs({ settings }: RunningServer): Promise<number> {
  const { client, connection } = await connectClient(settings)
  const { count } = await client.workflow.count(`WorkflowId = '${sweep.id}'`)
  await connection.close()
  return count
}

/** A sweep that has begun at `server` and cannot reach it any more. */
async function followedUntilAway(server: RunningServer) {
  const link = new Link(portOf(server))
  const said: string[] = []
  const outcome = followWorkflow(
    { settings: await link.open(), own: null },
    { ...sweep, signal: new AbortController().signal, say: (line) => said.push(line) },
  )
  await vi.waitUntil(async () => (await runs(server)) === 1, { timeout: 120_000 })
  link.cut()
  await vi.waitUntil(() => said.includes('Temporal server: unreachable; waiting for it'), {
    timeout: 120_000,
  })
  return { link, outcome }
}

describe.concurrent('a sweep whose server cannot be reached for a while', () => {
  it('that has ended meanwhile is not started again', async ({ expect }) => {
    const server = await newServer()
    const { link, outcome } = await followedUntilAway(server)
    await complete(server)
    await link.open()
    expect(await outcome).toBe('complete')
    expect(await runs(server)).toBe(1)
    link.cut()
  })

  it('is started again if the server returns without its database', async ({ expect }) => {
    const [first, second] = [await newServer(), await newServer()]
    const { link, outcome } = await followedUntilAway(first)
    await link.open(portOf(second))
    await complete(second)
    expect(await outcome).toBe('complete')
    link.cut()
  })
})
