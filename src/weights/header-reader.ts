import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'

const windowBytes = 1 << 20
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Reads little-endian values in order through a buffer. Throws WEIGHTS past `limit` or the end of the file. */
export class HeaderReader {
  #window: Uint8Array = new Uint8Array(0)
  #windowStart = 0

  /** @param limit end of the header, as an exclusive byte offset in the file */
  constructor(
    readonly file: BoundedFile,
    private readonly limit: number,
    public position = 0,
  ) {}

  u8(): number {
    return this.take(1).getUint8(0)
  }

  u16(): number {
    return this.take(2).getUint16(0, true)
  }

  u32(): number {
    return this.take(4).getUint32(0, true)
  }

  i32(): number {
    return this.take(4).getInt32(0, true)
  }

  /** A length or offset. Throws WEIGHTS from 2^53. */
  u64(): number {
    const value = this.take(8).getBigUint64(0, true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.malformed(`a length of ${value}`)
    return Number(value)
  }

  text(length: number): string {
    return utf8.decode(this.take(length))
  }

  /** Text up to the next line feed, which is consumed. Throws WEIGHTS if the line is longer than `maxLength` bytes. */
  line(maxLength: number): string {
    const start = this.position
    while (this.u8() !== 0x0a)
      if (this.position - start > maxLength) throw this.malformed(`a line of more than ${maxLength} bytes`)
    const length = this.position - 1 - start
    this.position = start
    const text = this.text(length)
    this.position++
    return text
  }

  take(length: number): DataView {
    if (this.position + length > this.limit)
      throw this.malformed(`a header that continues after byte ${this.limit}`)
    const end = this.#windowStart + this.#window.length
    if (this.position < this.#windowStart || this.position + length > end) {
      const available = Math.max(length, Math.min(windowBytes, this.file.size - this.position))
      this.#window = this.file.read(this.position, available, 'the header')
      this.#windowStart = this.position
    }
    const view = new DataView(
      this.#window.buffer,
      this.#window.byteOffset + this.position - this.#windowStart,
      length,
    )
    this.position += length
    return view
  }

  malformed(what: string, position = this.position): TaskvecError {
    return new TaskvecError(
      'WEIGHTS',
      `${this.file.path}: ${what} at byte ${position}: the header is malformed or altered`,
    )
  }
}
