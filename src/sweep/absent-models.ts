import type { ConnectionSettings, WorkerConnection } from '../temporal/connection.js'
import { workersWith } from '../temporal/worker-identity.js'

/** How often to look for workers that have them, ms. */
const lookEvery = 5000
/** As many as a sweep has under way at once (workflows/sweep.ts): of those after them nothing is wanted yet. */
const lookedAt = 50
/** How long the server may take to tell, ms. */
const lookTimeout = 5000

/**
 * Watches the models that this process does not compute itself, and reports who has them: that no worker has one, so that the
 * sweep waits; who came with it; that it is gone again.
 */
export class AbsentModels {
  readonly #having = new Map<string, string>()
  #stopped = false
  #unanswered = 0
  readonly #done: Promise<void>

  constructor(
    private readonly server: WorkerConnection,
    private readonly settings: Pick<ConnectionSettings, 'address'>,
    /** Those that are still to be computed, the next ones first. */
    private readonly models: () => readonly string[],
    private readonly say: (line: string) => void,
  ) {
    this.#done = models().length > 0 ? this.#watch() : Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
  }

  async #watch(): Promise<void> {
    for (let last = 0; !this.#stopped;) {
      if (Date.now() - last >= lookEvery) {
        await this.#look()
        last = Date.now()
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  async #look(): Promise<void> {
    try {
      const { connection, namespace } = this.server
      for (const model of this.models().slice(0, lookedAt)) {
        const workers = await connection.withDeadline(Date.now() + lookTimeout, () =>
          workersWith(connection, namespace, model),
        )
        this.#tell(model, workers)
      }
      this.#unanswered = 0
    } catch (error) {
      // An outage is said elsewhere. A server that answers all else but not this has lost its own parts.
      if (++this.#unanswered !== 3) return
      this.say(
        `${this.settings.address} does not say which workers there are (${(error as Error).message}). A server by \`temporal server start-dev\` needs --ip 0.0.0.0 to be reached from other machines.`,
      )
    }
  }

  #tell(model: string, workers: readonly { worker: string }[]): void {
    const having = workers
      .map(({ worker }) => worker)
      .sort()
      .join(', ')
    if (this.#having.get(model) === having) return
    this.#having.set(model, having)
    this.say(
      having === ''
        ? `${model}: no worker has it; waiting for one: taskvec worker --models ${model} --address ${this.settings.address}`
        : `${model}: on ${having}`,
    )
  }
}
