import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'
import type { Checkpoint, RawTensor, TensorInfo } from './checkpoint.js'
import { dequantize, storedBytes } from './dequantize.js'

/** At which stored row a tensor's row lies; null where rows are in order. */
type RowOrder = (tensor: TensorInfo) => ((row: number) => number) | null

/** Reads tensors that lie row-major in open files. `files` are keyed by `TensorInfo.file`. */
export function tensorReader(
  path: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  unread: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, BoundedFile>,
  rowOrder: RowOrder = () => null,
): Pick<Checkpoint, 'raw' | 'read' | 'readRows' | 'close'> {
  function locate(name: string): { tensor: TensorInfo; file: BoundedFile } {
    const tensor = tensors.get(name)
    const file = tensor && files.get(tensor.file)
    if (!tensor || !file)
      throw new TaskvecError('WEIGHTS', `${path}: tensor ${name}: ${unread.get(name) ?? 'missing'}`, {
        hint: 'taskvec models check lists what is there.',
      })
    return { tensor, file }
  }

  function raw(name: string): RawTensor {
    const { tensor, file } = locate(name)
    const stored = file.read(tensor.offset, tensor.byteLength, `tensor ${name}`)
    const storedRow = rowOrder(tensor)
    // A tensor without values may claim rows beyond number.
    if (!storedRow || stored.length === 0) return { type: tensor.type, bytes: stored }
    const [rows = 0] = tensor.shape
    const rowBytes = stored.length / rows
    const bytes = new Uint8Array(stored.length)
    for (let row = 0; row < rows; row++) {
      const start = storedRow(row) * rowBytes
      bytes.set(stored.subarray(start, start + rowBytes), row * rowBytes)
    }
    return { type: tensor.type, bytes }
  }

  function readRows(name: string, rows: readonly number[]): Float32Array {
    const { tensor, file } = locate(name)
    const [rowCount = 0, columns = 0] = tensor.shape
    const rowBytes = storedBytes(tensor.type, columns) ?? 0
    const storedRow = rowOrder(tensor) ?? ((row: number) => row)
    const out = new Float32Array(rows.length * columns) // [rows, columns]
    rows.forEach((row, i) => {
      if (!Number.isInteger(row) || row < 0 || row >= rowCount) {
        throw new TaskvecError(
          'MODEL',
          `${path}: token id ${row} is out of range: the model knows 0 to ${rowCount - 1}`,
        )
      }
      const bytes = file.read(tensor.offset + storedRow(row) * rowBytes, rowBytes, `row ${row} of ${name}`)
      out.set(dequantize(tensor.type, bytes), i * columns)
    })
    return out
  }

  return {
    raw,
    read(name) {
      const { type, bytes } = raw(name)
      return dequantize(type, bytes)
    },
    readRows,
    close() {
      for (const file of files.values()) file.close()
    },
  }
}
