import type { Checkpoint } from '../weights/checkpoint.js'

/** Reads the next block's tensors on other threads while the current block runs. */
export class ReadAhead {
  readonly #reading = new Map<string, Promise<Uint8Array | null>>()

  constructor(private readonly checkpoint: Checkpoint) {}

  start(names: readonly string[]): void {
    for (const name of names)
      if (!this.#reading.has(name))
        this.#reading.set(
          name,
          // A failure is reported when the tensor itself is read.
          this.checkpoint.readAhead(name).catch(() => null),
        )
  }

  /** The checkpoint with the bytes read ahead, which are freed as each tensor is read. */
  async take(): Promise<Checkpoint> {
    const stored = new Map<string, Uint8Array | null>()
    for (const [name, reading] of this.#reading) stored.set(name, await reading)
    this.#reading.clear()
    const { checkpoint } = this
    return {
      ...checkpoint,
      read(name) {
        const bytes = stored.get(name)
        stored.delete(name)
        return bytes ? checkpoint.arrange(name, bytes) : checkpoint.read(name)
      },
    }
  }

  async close(): Promise<void> {
    await this.take()
  }
}
