/** A buffer that graph runs reuse for their outputs: a new one per run costs page faults and garbage collection. */
export class ReusedBuffer {
  #data = new Float32Array(0)

  /** An array of `length` values, uninitialised. Invalidates the array of the previous call. */
  take(length: number): Float32Array {
    // Rows grow by a few from block to block: leave room.
    if (this.#data.length < length) this.#data = new Float32Array(Math.ceil(length * 1.5))
    return this.#data.subarray(0, length)
  }
}
