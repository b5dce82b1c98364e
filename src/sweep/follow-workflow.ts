import { setTimeout as sleep } from 'node:timers/promises'
import {
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client'
import type { SweepInput } from '../../workflows/inputs.js'
import type { sweepWorkflow } from '../../workflows/sweep.js'
import { TaskvecError } from '../domain/errors.js'
import { connectClient, type ConnectionSettings } from '../temporal/connection.js'
import { ensureServer, type RunningServer } from '../temporal/server.js'
import { raceAbort } from './race-abort.js'

export type SweepOutcome = 'complete' | 'failed' | 'cancelled' | 'interrupted'

export interface Server {
  readonly settings: ConnectionSettings
  /** taskvec's own server, which is restarted if it dies. */
  readonly own: RunningServer | null
}

export interface Followed {
  /** The workflow's id. */
  readonly id: string
  readonly queue: string
  readonly retryFailed: boolean
  /** Called when a new workflow is started. */
  readonly input: () => SweepInput
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/**
 * Starts the sweep's workflow or joins the running one, and waits for its end, also across outages of the server. If a joined workflow
 * ends with failures and `retryFailed` is set, a new one is started for them.
 */
export async function followWorkflow(server: Server, sweep: Followed): Promise<SweepOutcome> {
  const { signal, say, retryFailed } = sweep
  let own = server.own
  let input: SweepInput | null = null
  // Whether the workflow is known to exist: then only its end is awaited, which may come during an outage.
  let there = false
  for (let away = false; !signal.aborted;) {
    try {
      const { client, connection } = await connectClient(server.settings)
      try {
        if (!there && !(await isRunning(client, sweep.id))) {
          input ??= sweep.input()
          await start(client, sweep, input)
        }
        there = true
        if (away) say('Temporal server: back')
        away = false
        const handle = client.workflow.getHandle<typeof sweepWorkflow>(sweep.id)
        // The abort signal also ends the long poll, which would otherwise outlive its connection.
        const outcome = await connection.withAbortSignal(signal, () =>
          raceAbort(signal, outcomeOf(handle, say)),
        )
        if (outcome !== 'failed' || input || !retryFailed) return outcome
        there = false
      } finally {
        await connection.close()
      }
    } catch (error) {
      if (signal.aborted) break
      if (there && error instanceof WorkflowNotFoundError) {
        there = false // the server lost its database: start again; results stored in ours are kept
        continue
      }
      if (!isOutage(error)) throw error
      if (!away) say('Temporal server: unreachable; waiting for it')
      away = true
      if (own && !own.alive() && !signal.aborted)
        own = await ensureServer({ port: portOf(server.settings), log: say })
      await sleep(1000)
    }
  }
  return 'interrupted'
}

async function isRunning(client: Client, id: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(id).describe()).status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

async function start(client: Client, { id, queue }: Followed, input: SweepInput): Promise<void> {
  await client.workflow.start<typeof sweepWorkflow>('sweepWorkflow', {
    workflowId: id,
    taskQueue: queue,
    // Join a running one. If it ended in any way, start a new run, which skips what the database already has.
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    args: [input],
  })
}

async function outcomeOf(
  handle: WorkflowHandle<typeof sweepWorkflow>,
  say: (line: string) => void,
): Promise<SweepOutcome> {
  try {
    const { failed, stopped } = await handle.result()
    if (stopped) say(`Stopped early: ${failed} failures, the config's maxFailures.`)
    return failed > 0 ? 'failed' : 'complete'
  } catch (error) {
    const { name, cause } = error as Error
    if (name === 'WorkflowFailedError' && (cause as Error | undefined)?.name === 'CancelledFailure')
      return 'cancelled'
    if (name === 'WorkflowFailedError') {
      throw new TaskvecError(
        'SERVER',
        `the sweep's workflow failed: ${String((cause as Error | undefined)?.message ?? error)}`,
        { cause: error, hint: 'Stored results are kept; taskvec resume continues.' },
      )
    }
    throw error
  }
}

/** Whether the server may come back: gRPC's UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED, or our own SERVER. */
function isOutage(error: unknown): boolean {
  if (error instanceof TaskvecError)
    return error.code === 'SERVER' && !error.message.startsWith("the sweep's workflow")
  const code =
    (error as { code?: number }).code ?? ((error as Error).cause as { code?: number } | undefined)?.code
  return code === 14 || code === 4 || code === 1
}

function portOf({ address }: ConnectionSettings): number {
  return Number(address.split(':').at(-1))
}
