import { closeSync, openSync, read } from 'node:fs'
import type { Checkpoint } from '../weights/checkpoint.js'

const pieceBytes = 4 << 20

/**
 * Brings tensors from disk into the system's page cache on libuv's threads, so that they are there when the block that
 * needs them is entered. Nothing is kept: all reads go to the same piece of memory. They are all handed over at once,
 * since graph runs block the event loop, which could not hand over the next.
 */
export class ReadAhead {
  readonly #files = new Map<string, number>()
  readonly #scratch = Buffer.alloc(pieceBytes)
  #running: Promise<unknown> = Promise.resolve()

  constructor(private readonly checkpoint: Checkpoint) {}

  start(names: readonly string[]): void {
    const reads: Promise<void>[] = []
    for (const name of names) {
      const tensor = this.checkpoint.tensors.get(name)
      for (let done = 0; tensor && done < tensor.byteLength; done += pieceBytes) {
        const length = Math.min(pieceBytes, tensor.byteLength - done)
        reads.push(this.#read(tensor.file, length, tensor.offset + done))
      }
    }
    this.#running = Promise.all(reads)
  }

  async done(): Promise<void> {
    await this.#running
  }

  async close(): Promise<void> {
    await this.#running
    for (const descriptor of this.#files.values()) closeSync(descriptor)
    this.#files.clear()
  }

  #read(file: string, length: number, offset: number): Promise<void> {
    const descriptor = this.#files.get(file) ?? openSync(file, 'r')
    this.#files.set(file, descriptor)
    // A failure shows where the tensor itself is read.
    return new Promise((resolve) => read(descriptor, this.#scratch, 0, length, offset, () => resolve()))
  }
}
