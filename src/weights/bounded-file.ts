import { closeSync, fstatSync, openSync, read, readSync, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { TaskvecError } from '../domain/errors.js'

/** Bytes per read on one thread (16 MiB). */
const pieceBytes = 16 << 20
const readLater = promisify(read)

/**
 * A file with bounds-checked random access: offsets and lengths in a checkpoint are untrusted. Throws WEIGHTS if it is not a
 * regular file or cannot be opened.
 */
export class BoundedFile {
  readonly size: number
  readonly #descriptor: number

  constructor(readonly path: string) {
    // Check before opening: opening a pipe blocks until it has a writer.
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat?.isFile())
      throw new TaskvecError('WEIGHTS', `${path}: ${stat ? 'not a regular file' : 'no such file'}`)
    try {
      this.#descriptor = openSync(path, 'r')
    } catch (cause) {
      throw new TaskvecError('WEIGHTS', `${path}: cannot be opened: ${(cause as Error).message}`, {
        cause,
        hint: 'Check the path, or fetch the model again: taskvec models pull ID.',
      })
    }
    this.size = fstatSync(this.#descriptor).size
  }

  /**
   * Reads exactly `length` bytes at `offset` into a new, aligned buffer. Throws WEIGHTS if the range exceeds the file or the file
   * shrinks.
   * @param what names the bytes in errors
   */
  read(offset: number, length: number, what: string): Uint8Array {
    this.#refuseOutside(offset, length, what)
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const count = readSync(this.#descriptor, bytes, done, Math.min(length - done, 1 << 30), offset + done)
      if (count === 0) throw this.#cutOff(what)
      done += count
    }
    return bytes
  }

  /**
   * Same as `read`, on libuv's thread pool. Submits all pieces at once: graph runs block the event loop, which would delay
   * the next one.
   */
  async readAhead(offset: number, length: number, what: string): Promise<Uint8Array> {
    this.#refuseOutside(offset, length, what)
    const bytes = new Uint8Array(length)
    const pieces: Promise<void>[] = []
    for (let start = 0; start < length; start += pieceBytes) {
      const size = Math.min(pieceBytes, length - start)
      const piece = readLater(this.#descriptor, bytes, start, size, offset + start)
      pieces.push(
        piece.then(({ bytesRead }) => {
          if (bytesRead < size) throw this.#cutOff(what)
        }),
      )
    }
    await Promise.all(pieces)
    return bytes
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #refuseOutside(offset: number, length: number, what: string): void {
    if (
      !Number.isSafeInteger(offset) ||
      !Number.isSafeInteger(length) ||
      offset < 0 ||
      length < 0 ||
      offset + length > this.size
    ) {
      throw new TaskvecError(
        'WEIGHTS',
        `${this.path}: ${what} needs bytes ${offset} to ${offset + length}, but the file has ${this.size}: it is truncated or altered`,
        { hint: 'Fetch the file again, or compare its hash with the publisher’s.' },
      )
    }
  }

  #cutOff(what: string): TaskvecError {
    return new TaskvecError('WEIGHTS', `${this.path}: ended while ${what} was read: it changed on disk`)
  }
}
