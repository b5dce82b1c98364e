import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client'
import { TaskvecError } from '../domain/errors.js'
import { isAlive } from '../system/process-table.js'
import { storeQueue, sweepWorkflowId } from '../temporal/names.js'

/** A living process polls again within this time after its server was away or restarted, ms. */
const patience = 60_000
const lookEvery = 1000

/**
 * Ends the workflows of sweeps whose process was killed or interrupted. Left on the server, they would keep scheduling activities that no
 * process waits for. Stored results are kept; `taskvec resume` starts a new workflow.
 */
export class AbandonedSweeps {
  readonly #client: Client

  constructor(
    server: { readonly connection: ConnectionLike; readonly namespace: string },
    private readonly own: { readonly store: string; readonly sweep: string },
    private readonly say: (line: string) => void,
  ) {
    this.#client = new Client(server)
  }

  /** Ends those of this database, which is locked, so that no other process can be running them. */
  async endEarlier(): Promise<void> {
    const { store, sweep } = this.own
    const running = `WorkflowType = 'sweepWorkflow' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${sweepWorkflowId(store, '')}'`
    try {
      for await (const { workflowId } of this.#client.workflow.list({ query: running }))
        if (workflowId !== sweepWorkflowId(store, sweep)) await this.#end(workflowId)
    } catch (error) {
      // Not every API key may list or terminate workflows, and the sweep needs neither.
      this.say(`Could not look for interrupted sweeps on this Temporal server: ${(error as Error).message}`)
    }
  }

  /**
   * Called before this process computes for a workflow, on a server that only this machine uses. Refuses and ends the workflow of a
   * sweep that no process is running. `isShared`: whether other processes use the server. Errors: WORKER.
   */
  async refuse(workflowId: string, isShared: () => boolean): Promise<void> {
    const [, store = '', sweep = ''] = workflowId.split('/')
    if (store === this.own.store) return
    for (const until = Date.now() + patience; ; await sleep(lookEvery)) {
      if (await this.#isRun(store)) return
      if (!isShared() || Date.now() > until) break
    }
    await this.#end(sweepWorkflowId(store, sweep))
    throw new TaskvecError('WORKER', `no process is running sweep ${sweep}`)
  }

  /** Whether a living process polls for a database's workflows. */
  async #isRun(store: string): Promise<boolean> {
    const { pollers } = await this.#client.workflowService.describeTaskQueue({
      namespace: this.#client.options.namespace,
      taskQueue: { name: storeQueue(store) },
      taskQueueType: 1, // of workflows
    })
    return (pollers ?? []).some(({ identity }) => {
      // The SDK's default identity.
      const [pid, host] = (identity ?? '').split('@')
      return host !== hostname() || isAlive(Number(pid))
    })
  }

  async #end(workflowId: string): Promise<void> {
    const sweep = workflowId.split('/').at(-1)
    try {
      await this.#client.workflow.getHandle(workflowId).terminate('no process is running this sweep')
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return // already ended for another of its activities
      throw error
    }
    this.say(
      `Ended the workflow of sweep ${sweep}, which was interrupted, so that its activities do not take engines of this sweep. Stored results are kept; taskvec resume ${sweep} continues it.`,
    )
  }
}
