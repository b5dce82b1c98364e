import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import { malformed } from '../system/zod-issue.js'
import type { BoundedFile } from './bounded-file.js'
import type { FileTensors, TensorInfo } from './checkpoint.js'
import { parseObject } from './json-object.js'
import { isPacked } from './packed-experts.js'

/** Same limit as the reference implementation; longer headers are refused. */
const maxHeaderBytes = 100_000_000

const readTypes = { F32: 4, F16: 2, BF16: 2 } as const
/** Bytes per value. Includes types we do not read, so that a file with such tensors beside its weights still opens. */
const valueSizes: Readonly<Record<string, number>> = {
  ...readTypes,
  F64: 8,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})

type StoredTensor = Omit<TensorInfo, 'type'> & { readonly type: string }

/** The tensors of a safetensors file. Throws WEIGHTS. */
export function safetensorsTensors(file: BoundedFile): FileTensors {
  const { header, start } = readHeader(file)
  const all = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => toTensor(file, start, name, entry))
  refuseOverlaps(file, start, all)
  const isRead = (tensor: StoredTensor): tensor is TensorInfo =>
    tensor.type in readTypes || (tensor.type === 'U8' && isPacked(tensor.name))
  return {
    tensors: all.filter(isRead),
    unread: all
      .filter((tensor) => !isRead(tensor))
      .map(({ name, type }) => [name, `type ${type}; known: ${Object.keys(readTypes).join(', ')}`]),
  }
}

/** The file's `__metadata__`; empty if it has none. Throws WEIGHTS. */
export function safetensorsMetadata(file: BoundedFile): Readonly<Record<string, string>> {
  const parsed = metadataSchema.safeParse(readHeader(file).header['__metadata__'] ?? {})
  if (parsed.success) return parsed.data
  throw new TaskvecError('WEIGHTS', `${file.path}: malformed __metadata__:\n${malformed(parsed.error)}`)
}

const metadataSchema = z.record(z.string(), z.string())

/** The header and the byte offset where tensor data starts. */
function readHeader(file: BoundedFile): { header: Record<string, unknown>; start: number } {
  const length = Number(new DataView(file.read(0, 8, 'the header length').buffer).getBigUint64(0, true))
  if (length > maxHeaderBytes) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: the header claims ${length} bytes; at most ${maxHeaderBytes} are allowed: not a safetensors file, or altered`,
    )
  }
  const header = parseObject(file.path, new TextDecoder().decode(file.read(8, length, 'the header')))
  return { header, start: 8 + length }
}

function toTensor(file: BoundedFile, start: number, name: string, entry: unknown): StoredTensor {
  const parsed = entrySchema.safeParse(entry)
  if (!parsed.success)
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name}: malformed entry:\n${malformed(parsed.error)}`,
    )
  const { dtype, shape, data_offsets } = parsed.data
  const valueBytes = Object.hasOwn(valueSizes, dtype) ? valueSizes[dtype] : undefined
  if (valueBytes === undefined) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name} has dtype ${dtype}; known: ${Object.keys(valueSizes).join(', ')}`,
    )
  }
  const byteLength = data_offsets[1] - data_offsets[0]
  const expected = shape.reduce((a, b) => a * b, valueBytes)
  if (byteLength !== expected) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name} has ${byteLength} bytes, but ${dtype} [${shape.join(', ')}] takes ${expected}`,
    )
  }
  if (start + data_offsets[1] > file.size) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name} ends at byte ${start + data_offsets[1]}, but the file has ${file.size}: it is truncated or points outside`,
      { hint: 'Fetch the file again.' },
    )
  }
  return { name, shape, type: dtype, file: file.path, offset: start + data_offsets[0], byteLength }
}

function refuseOverlaps(file: BoundedFile, start: number, tensors: readonly StoredTensor[]): void {
  let end = start
  for (const tensor of [...tensors].sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)) {
    if (tensor.offset !== end) {
      throw new TaskvecError(
        'WEIGHTS',
        `${file.path}: tensor ${tensor.name} starts at byte ${tensor.offset}, expected ${end}: tensors overlap or leave gaps`,
      )
    }
    end += tensor.byteLength
  }
  if (end !== file.size) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: ${file.size - end} bytes after the last tensor: it is altered`,
    )
  }
}
