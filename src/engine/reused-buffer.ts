/**
 * Memory that graph runs reuse for their outputs: a fresh buffer for every run costs page faults, and
 * keeps the garbage collector busy in threads of its own.
 */
export class ReusedBuffer {
  #data = new Float32Array(0)

  /** `length` values, with whatever stood there before. Overwrites what the last call returned. */
  take(length: number): Float32Array {
    // Rows grow by a few from block to block: leave room.
    if (this.#data.length < length) this.#data = new Float32Array(Math.ceil(length * 1.5))
    return this.#data.subarray(0, length)
  }
}
