import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client'
import { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeError, TaskvecError } from '../domain/errors.js'
import { openReadOnly } from '../store/open.js'
import { databaseIdentity, findSweep } from '../store/sweeps.js'
import { openStore } from '../store/store.js'
import { lockForWriting, lockHolder } from '../store/writer-lock.js'
import { connectClient, existingServer, type ServerOptions } from '../temporal/connection.js'
import { sweepWorkflowId } from '../temporal/names.js'
import { ensureServer, runningServer } from '../temporal/server.js'
import { addServerOptions, databaseOption, dbOption } from './options.js'

/** How long a running sweep may take to stop, ms: engines check between blocks, then are killed. */
const patience = 60_000
/** How long a starting sweep may take until it has a workflow, ms. */
const beginning = 10_000
/** How long the server may take to end the children of a terminated workflow, ms. */
const childrenPatience = 5_000

/** `taskvec cancel SWEEP`. */
export function cancelCommand(): Command {
  const command = new Command('cancel')
    .argument('<sweep>', 'id or name')
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
Examples:
  $ taskvec cancel quickstart
  $ taskvec cancel smollm2-1a2b3c4d --db results.db`,
    )
    .action(cancel)
  return addServerOptions(command)
}

async function cancel(wanted: string, { db, ...server }: ServerOptions & { db: string }): Promise<void> {
  const { id, status } = sweepOf(db, wanted)
  if (status !== 'running') {
    process.stderr.write(`Sweep ${id} is not running: it is ${status}.\n`)
    return
  }
  if (lockHolder(db) === null) await cancelUnattended(db, id, server)
  else await cancelWorkflow(db, id, server)
  const { status: now } = sweepOf(db, id)
  process.stderr.write(
    now === 'cancelled'
      ? `Cancelled: ${id}. Stored results are kept.\nNext: npx taskvec resume ${id}${databaseOption(db)}   resumes it\n`
      : `Sweep ${id} ended before it could be cancelled: it is ${now}.\n`,
  )
}

/**
 * No process here runs the sweep, so its workflow has no worker and cannot handle a cancellation. If the server is running, the
 * workflow is terminated, so that workers on other machines stop too; the database records the sweep as cancelled.
 */
async function cancelUnattended(db: string, id: string, server: ServerOptions): Promise<void> {
  const lock = await lockForWriting(db)
  const store = openStore(db)
  try {
    await terminateWhereItRuns(db, id, server)
    store.setSweepStatus(id, 'cancelled')
  } finally {
    store.close()
    await lock.release()
  }
}

async function terminateWhereItRuns(db: string, id: string, server: ServerOptions): Promise<void> {
  if (!existingServer(server) && !runningServer()) return
  try {
    await withServer(server, (client) => terminate(client, sweepWorkflowId(sweepOf(db, id).store, id)))
  } catch (error) {
    if (!(error instanceof TaskvecError) || error.code !== 'SERVER') throw error
    process.stderr.write(
      `${describeError(error)}\nWorkers on other machines finish their current activities.\n`,
    )
  }
}

async function terminate(client: Client, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).terminate('taskvec cancel')
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return // never started, or already ended
    throw error
  }
  // Wait for the children to end: a resumed sweep starts its own under the same ids.
  const running = `ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${workflowId}/'`
  for (const until = Date.now() + childrenPatience; Date.now() < until; await sleep(100))
    if ((await client.workflow.count(running)).count === 0) return
}

async function cancelWorkflow(db: string, id: string, server: ServerOptions): Promise<void> {
  await withServer(server, async (client, address) => {
    const workflow = client.workflow.getHandle(sweepWorkflowId(sweepOf(db, id).store, id))
    for (const until = Date.now() + beginning; !(await wasCancelled(workflow)); await sleep(200)) {
      if (sweepOf(db, id).status !== 'running') return
      if (Date.now() < until) continue
      throw new TaskvecError('SERVER', `sweep ${id} is running, but not at the Temporal server ${address}`, {
        hint: 'Pass the --address that taskvec run was given, or stop its process with Ctrl-C.',
      })
    }
    for (const until = Date.now() + patience; Date.now() < until; await sleep(200)) {
      if (sweepOf(db, id).status !== 'running') return
    }
    throw new TaskvecError('SERVER', `sweep ${id} did not stop within ${patience / 1000} s`, {
      hint: 'See taskvec status; stop its process with Ctrl-C.',
    })
  })
}

/** Whether the workflow was running. */
async function wasCancelled(workflow: WorkflowHandle): Promise<boolean> {
  try {
    await workflow.cancel()
    return true
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

async function withServer(
  server: ServerOptions,
  work: (client: Client, address: string) => Promise<void>,
): Promise<void> {
  const existing = existingServer(server)
  const own = existing ? null : await ensureServer()
  const settings = existing ?? (own as NonNullable<typeof own>).settings
  const { client, connection } = await connectClient(settings)
  try {
    await work(client, settings.address)
  } finally {
    await connection.close()
    await own?.stop()
  }
}

function sweepOf(db: string, wanted: string) {
  using reader = openReadOnly(db)
  return { ...findSweep(reader, wanted), store: databaseIdentity(reader) }
}
