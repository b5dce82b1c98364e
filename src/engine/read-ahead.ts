import type { Checkpoint } from '../weights/checkpoint.js'

/** Reads the tensors of the block to come on other threads while the one at work runs; the bytes are used as they are. */
export class ReadAhead {
  readonly #reading = new Map<string, Promise<Uint8Array | null>>()

  constructor(private readonly checkpoint: Checkpoint) {}

  start(names: readonly string[]): void {
    for (const name of names)
      if (!this.#reading.has(name))
        this.#reading.set(
          name,
          // A failure shows where the tensor is read by itself.
          this.checkpoint.readAhead(name).catch(() => null),
        )
  }

  /** The checkpoint, with what was read ahead; each tensor's bytes are let go of when it is read. */
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
