import { describeError, type TaskvecError } from '../domain/errors.js'

/** How long the database may refuse every write before the sweep is stopped, ms. */
const patience = 30_000

/** Watches for a database that cannot be written: reports it at once, and gives up if it lasts. */
export class WriteOutage {
  /** Rejects with the error when it has lasted for too long; never resolves. */
  readonly lasting: Promise<never>
  #giveUp: (error: TaskvecError) => void = () => {}
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly say: (line: string) => void) {
    this.lasting = new Promise((_, reject) => (this.#giveUp = reject))
    this.lasting.catch(() => {}) // there may be no listener left by then
  }

  readonly report = (error: TaskvecError | null): void => {
    if (error === null) return this.stop()
    if (this.#timer) return
    this.say(`${describeError(error)}\nTrying again for ${patience / 1000} s.`)
    this.#timer = setTimeout(() => this.#giveUp(error), patience)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
