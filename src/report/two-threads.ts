import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { ResultFilter } from '../experiments/sweep-rows.js'
import { built } from '../system/built.js'
import { everything, type Part, type PartSize, type Render, type TableInFormat } from './part.js'

/** A table that is no larger needs no second thread. */
const usualSize: PartSize = { rows: 10_000, milliseconds: 150 }
/** Parts that may be there, or under way, before the one that comes next has been taken. */
const ahead = 3
/** Parts that the second thread is asked for at once, so that it never waits for this one. */
const asked = 2

export interface SecondThreadInput extends TableInFormat {
  /** The file. */
  readonly db: string
}

/** A part that is there, or the filters of one that the second thread is asked for. */
type Coming = { part: Part } | { filters: ResultFilter[]; part?: undefined }

/**
 * Renders what passes each filter, in the order of the filters, in parts. Of a large table this thread and a second one each
 * render some, and neither gets further ahead than a few parts of what has been taken.
 */
export async function* inTwoThreads(
  filters: readonly ResultFilter[],
  render: Render,
  input: SecondThreadInput,
  size = usualSize,
): AsyncGenerator<Part> {
  const queue = [...filters]
  yield render(queue, size)
  if (queue.length === 0) return
  const filtersPerPart = filters.length - queue.length
  const coming: Coming[] = []
  const second = new SecondThread(input)
  try {
    while (queue.length > 0 || coming.length > 0) {
      while (queue.length > 0 && coming.length < ahead && second.free)
        coming.push(second.ask(queue.splice(0, filtersPerPart)))
      const [next] = coming
      if (next?.part) {
        coming.shift()
        yield next.part
      } else if (next && second.dead) coming[0] = { part: render(next.filters, everything) }
      else if (queue.length > 0 && coming.length < ahead) coming.push({ part: render(queue, size) })
      else await second.change()
      // What the second thread says comes in between.
      await setImmediate()
    }
  } finally {
    await second.end()
  }
}

/** Renders too, with a connection of its own. Where it fails, the first one does its work, and meets the error if there is one. */
class SecondThread {
  dead = false
  readonly #worker: Worker
  readonly #asked: Coming[] = []
  #ready = false
  #wake: () => void = () => {}

  constructor(workerData: SecondThreadInput) {
    this.#worker = new Worker(built('second-thread.js'), { workerData })
    this.#worker.on('message', (part: Part | 'ready') => {
      if (part === 'ready') this.#ready = true
      else Object.assign(this.#asked.shift() as Coming, { part })
      this.#wake()
    })
    const died = () => {
      this.dead = true
      this.#wake()
    }
    this.#worker.once('error', died)
    this.#worker.once('exit', died)
  }

  get free(): boolean {
    return this.#ready && !this.dead && this.#asked.length < asked
  }

  ask(filters: ResultFilter[]): Coming {
    const coming: Coming = { filters }
    this.#asked.push(coming)
    this.#worker.postMessage(filters)
    return coming
  }

  /** Until it has answered, or died. */
  change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}
