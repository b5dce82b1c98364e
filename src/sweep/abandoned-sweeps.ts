import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client'
import { TaskvecError } from '../domain/errors.js'
import { isAlive } from '../system/process-table.js'
import { storeQueue, sweepWorkflowId } from '../temporal/names.js'

/** How soon a living process polls again after its server was away or began anew, ms. */
const patience = 60_000
const lookEvery = 1000

/**
 * Workflows of sweeps whose process was killed or interrupted. They stay on the server, with work handed out that no process waits for, until
 * somebody takes it: here they are ended instead. Nothing is lost but that work: `taskvec resume` starts a new one.
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

  /** Those of this database: it is locked, so no other process runs them. */
  async endEarlier(): Promise<void> {
    const { store, sweep } = this.own
    const running = `WorkflowType = 'sweepWorkflow' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${sweepWorkflowId(store, '')}'`
    try {
      for await (const { workflowId } of this.#client.workflow.list({ query: running }))
        if (workflowId !== sweepWorkflowId(store, sweep)) await this.#end(workflowId)
    } catch (error) {
      // Not for every key: the sweep itself needs neither lists nor terminations.
      this.say(
        `Interrupted sweeps could not be looked for at this Temporal server: ${(error as Error).message}`,
      )
    }
  }

  /**
   * Before this process computes for a workflow, on a server that only processes of this machine use: refuses those of a sweep that none of them
   * runs. `isShared`: whether there are others. Errors: WORKER.
   */
  async refuse(workflowId: string, isShared: () => boolean): Promise<void> {
    const [, store = '', sweep = ''] = workflowId.split('/')
    if (store === this.own.store) return
    for (const until = Date.now() + patience; ; await sleep(lookEvery)) {
      if (await this.#isRun(store)) return
      if (!isShared() || Date.now() > until) break
    }
    await this.#end(sweepWorkflowId(store, sweep))
    throw new TaskvecError('WORKER', `no process runs sweep ${sweep}`)
  }

  /** Whether a living process polls for the workflows of a database. */
  async #isRun(store: string): Promise<boolean> {
    const { pollers } = await this.#client.workflowService.describeTaskQueue({
      namespace: this.#client.options.namespace,
      taskQueue: { name: storeQueue(store) },
      taskQueueType: 1, // of workflows
    })
    return (pollers ?? []).some(({ identity }) => {
      // The SDK's default.
      const [pid, host] = (identity ?? '').split('@')
      return host !== hostname() || isAlive(Number(pid))
    })
  }

  async #end(workflowId: string): Promise<void> {
    const sweep = workflowId.split('/').at(-1)
    try {
      await this.#client.workflow.getHandle(workflowId).terminate('no process runs this sweep')
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return // another activity of it was refused before
      throw error
    }
    this.say(
      `Sweep ${sweep} was interrupted, and its work was still waiting at this Temporal server: it is ended there, and takes no engine of this one's. Stored results are kept; taskvec resume ${sweep} continues it.`,
    )
  }
}
