import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'
import type { Checkpoint, TensorInfo } from './checkpoint.js'
import { dequantize, storedBytes } from './dequantize.js'

/** How stored tensors differ from what is read; each function returns null for a tensor that does not differ. */
interface Layout {
  /** Maps a tensor's row to its stored row. */
  readonly rowOrder: (tensor: TensorInfo) => ((row: number) => number) | null
  /** Maps stored values to the values read. */
  readonly restore: (tensor: TensorInfo) => ((values: Float32Array) => Float32Array) | null
}

const asStored: Layout = { rowOrder: () => null, restore: () => null }

/** Consecutive rows are read in one go up to about this many bytes. */
const bytesTogether = 8 << 20

/** Reads row-major tensors from open files, keyed by `TensorInfo.file`. Throws WEIGHTS; `readRows` throws MODEL for a row out of range. */
export function tensorReader(
  path: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  unread: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, BoundedFile>,
  { rowOrder, restore }: Layout = asStored,
): Pick<Checkpoint, 'readAhead' | 'arrange' | 'read' | 'readRows' | 'close'> {
  function locate(name: string): { tensor: TensorInfo; file: BoundedFile } {
    const tensor = tensors.get(name)
    const file = tensor && files.get(tensor.file)
    if (!tensor || !file)
      throw new TaskvecError('WEIGHTS', `${path}: tensor ${name}: ${unread.get(name) ?? 'missing'}`, {
        hint: 'taskvec models check lists what is there.',
      })
    return { tensor, file }
  }

  function arrange(name: string, stored: Uint8Array): Float32Array {
    const { tensor } = locate(name)
    const values = dequantize(tensor.type, inOrder(tensor, stored))
    return restore(tensor)?.(values) ?? values
  }

  function read(name: string): Float32Array {
    const { tensor, file } = locate(name)
    return arrange(name, file.read(tensor.offset, tensor.byteLength, `tensor ${name}`))
  }

  function inOrder(tensor: TensorInfo, stored: Uint8Array): Uint8Array {
    const storedRow = rowOrder(tensor)
    // An empty tensor may claim any number of rows.
    if (!storedRow || stored.length === 0) return stored
    const [rows = 0] = tensor.shape
    const rowBytes = stored.length / rows
    const bytes = new Uint8Array(stored.length)
    for (let row = 0; row < rows; row++) {
      const start = storedRow(row) * rowBytes
      bytes.set(stored.subarray(start, start + rowBytes), row * rowBytes)
    }
    return bytes
  }

  function readRows(name: string, rows: readonly number[]): Float32Array {
    const { tensor, file } = locate(name)
    const [rowCount = 0, columns = 1] = tensor.shape
    const rowBytes = storedBytes(tensor.type, columns) ?? 0
    for (const row of rows) {
      if (!Number.isInteger(row) || row < 0 || row >= rowCount) {
        throw new TaskvecError(
          'MODEL',
          `${path}: token id ${row} is out of range: the model knows 0 to ${rowCount - 1}`,
        )
      }
    }
    if (restore(tensor)) return rowsOf(read(name), rows, columns)
    const order = rowOrder(tensor)
    const storedRows = order ? rows.map(order) : rows
    const out = new Float32Array(rows.length * columns) // [rows, columns]
    // Read consecutive rows together.
    for (let start = 0, end; start < rows.length; start = end) {
      const first = storedRows[start] as number
      end = start + 1
      while (
        end < rows.length &&
        storedRows[end] === first + end - start &&
        (end - start) * rowBytes < bytesTogether
      )
        end++
      const length = (end - start) * rowBytes
      const bytes = file.read(tensor.offset + first * rowBytes, length, `row ${rows[start]} of ${name}`)
      out.set(dequantize(tensor.type, bytes), start * columns)
    }
    return out
  }

  return {
    async readAhead(name) {
      const { tensor, file } = locate(name)
      return file.readAhead(tensor.offset, tensor.byteLength, `tensor ${name}`)
    },
    arrange,
    read,
    readRows,
    close() {
      for (const file of files.values()) file.close()
    },
  }
}

/** Picks `rows` of a whole matrix: `[rows.length, columns]`. */
function rowsOf(whole: Float32Array, rows: readonly number[], columns: number): Float32Array {
  const out = new Float32Array(rows.length * columns)
  for (const [i, row] of rows.entries())
    out.set(whole.subarray(row * columns, (row + 1) * columns), i * columns)
  return out
}
