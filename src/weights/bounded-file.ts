import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { TaskvecError } from '../domain/errors.js'

/** A file read by position only, never beyond its end: a checkpoint's own numbers are not trusted. */
export class BoundedFile {
  readonly size: number
  readonly #descriptor: number

  constructor(readonly path: string) {
    // Before it is opened: a pipe would wait for a writer for ever.
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat && !stat.isFile()) throw new TaskvecError('WEIGHTS', `${path}: not a regular file`)
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

  /** Exactly `length` bytes from `offset`, in a fresh buffer that starts aligned. Throws WEIGHTS past the end. */
  read(offset: number, length: number, what: string): Uint8Array {
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
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const count = readSync(this.#descriptor, bytes, done, Math.min(length - done, 1 << 30), offset + done)
      if (count === 0)
        throw new TaskvecError('WEIGHTS', `${this.path}: ended while ${what} was read: it changed on disk`)
      done += count
    }
    return bytes
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
