import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The residual streams of a streamed pass after its last finished block, on disk, so that a killed pass resumes there. One file per
 * pass, named by the hash of everything that determines it, and replaced atomically after every block: sha256 of the rest, JSON header,
 * newline, arrays. Damaged files are ignored.
 */
export class PassCheckpoint {
  readonly #file: string

  constructor(
    private readonly folder: string,
    key: string,
  ) {
    this.#file = join(folder, `${key}.residual`)
  }

  /** @param arrays written one after another */
  save(blocksDone: number, arrays: readonly (Float32Array | Float64Array)[]): void {
    mkdirSync(this.folder, { recursive: true })
    const header = { blocksDone, lengths: arrays.map(({ byteLength }) => byteLength) }
    const head = Buffer.from(`${JSON.stringify(header)}\n`)
    const parts = arrays.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    )
    const hash = createHash('sha256').update(head)
    for (const part of parts) hash.update(part)
    const temporary = `${this.#file}.${process.pid}`
    writeFileSync(temporary, Buffer.concat([hash.digest(), head, ...parts]))
    renameSync(temporary, this.#file)
  }

  /** Null if there is none, or it is damaged. */
  load(): { blocksDone: number; arrays: Buffer[] } | null {
    let bytes: Buffer
    try {
      bytes = readFileSync(this.#file)
    } catch {
      return null
    }
    const content = bytes.subarray(32)
    if (!createHash('sha256').update(content).digest().equals(bytes.subarray(0, 32))) return null
    const end = content.indexOf('\n')
    const { blocksDone, lengths } = JSON.parse(content.toString('utf8', 0, end)) as {
      blocksDone: number
      lengths: number[]
    }
    let next = end + 1
    return { blocksDone, arrays: lengths.map((length) => content.subarray(next, (next += length))) }
  }

  remove(): void {
    rmSync(this.#file, { force: true })
  }
}
