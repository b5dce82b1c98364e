import { describeError, type TaskvecError } from '../domain/errors.js'

/** How long writes may fail before the sweep stops, ms. */
const patience = 30_000

/** Reports at once that the database cannot be written, and gives up if that lasts. */
export class WriteOutage {
  /** Rejects with the error once the outage has lasted too long; never resolves. */
  readonly lasting: Promise<never>
  #giveUp: (error: TaskvecError) => void = () => {}
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly say: (line: string) => void) {
    this.lasting = new Promise((_, reject) => (this.#giveUp = reject))
    this.lasting.catch(() => {}) // there may be no listener by then
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
