import type { ConnectionSettings, WorkerConnection } from '../temporal/connection.js'
import { workersWith } from '../temporal/worker-identity.js'

/** Interval between looks for workers, ms. */
const lookEvery = 5000
/** Models looked for: as many as a sweep has in progress at once (workflows/sweep.ts); later ones are not needed yet. */
const lookedAt = 50
/** How long the server may take to answer, ms. */
const lookTimeout = 5000

/**
 * Watches for workers that have the models which this process does not compute itself, and reports changes: that none has a model,
 * so that the sweep waits; which workers have it; that they are gone again.
 */
export class AbsentModels {
  readonly #having = new Map<string, string>()
  #stopped = false
  #unanswered = 0
  readonly #done: Promise<void>

  constructor(
    private readonly server: WorkerConnection,
    private readonly settings: Pick<ConnectionSettings, 'address'>,
    /** Models still to compute, the next ones first. */
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
      // Outages are reported elsewhere. A server that answers everything but this cannot reach its own services.
      if (++this.#unanswered !== 3) return
      this.say(
        `${this.settings.address} cannot list workers (${(error as Error).message}). A server started by \`temporal server start-dev\` needs --ip 0.0.0.0 to be reached from other machines.`,
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
        ? `${model}: no worker has it; waiting. Start one with: taskvec worker --models ${model} --address ${this.settings.address}`
        : `${model}: on ${having}`,
    )
  }
}
