import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'
import type { TensorInfo } from './checkpoint.js'
import { storedBytes, type TensorType } from './dequantize.js'
import { HeaderReader } from './header-reader.js'

/**
 * The GGUF container, versions 2 and 3 (ggml's docs/gguf.md). We use our own reader because the file is untrusted: it checks
 * every count and length against the available bytes before allocating.
 */
export interface GgufFile {
  readonly metadata: ReadonlyMap<string, GgufValue>
  /** With GGUF names; shapes are row-major, outermost first (GGUF stores them innermost first). */
  readonly tensors: readonly TensorInfo[]
}

export type GgufValue = string | number | bigint | boolean | readonly GgufValue[]

/** ggml_type ids -> names, without types that are no longer written or hold no weights. */
const tensorTypes: Readonly<Record<number, TensorType>> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  6: 'Q5_0',
  7: 'Q5_1',
  8: 'Q8_0',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  29: 'IQ1_M',
  30: 'BF16',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
  40: 'NVFP4',
}
const unreadTypes: Readonly<Record<number, string>> = {
  9: 'Q8_1',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  41: 'Q1_0',
}

/** The metadata includes the tokenizer: 15 MB for the largest vocabularies. */
const maxHeaderBytes = 64_000_000
const maxEntries = 1_000_000

/** Reads the header only. Throws WEIGHTS if it is malformed, or if a tensor's type is unsupported or its data out of bounds. */
export function readGguf(file: BoundedFile): GgufFile {
  const cursor = new Cursor(file)
  if (cursor.u32() !== 0x46554747)
    throw new TaskvecError('WEIGHTS', `${file.path}: does not begin with "GGUF": not a GGUF file`)
  const version = cursor.u32()
  if (version !== 2 && version !== 3)
    throw new TaskvecError('WEIGHTS', `${file.path}: GGUF version ${version}; known: 2, 3`)
  const tensorCount = cursor.count('tensors')
  const entryCount = cursor.count('metadata entries')

  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < entryCount; i++) {
    const key = cursor.string()
    if (metadata.has(key))
      throw new TaskvecError('WEIGHTS', `${file.path}: metadata key ${key} appears twice`)
    metadata.set(key, cursor.value(cursor.u32(), key, 0))
  }
  const headers = Array.from({ length: tensorCount }, () => readTensorHeader(cursor))

  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1 || alignment > 65536) {
    throw new TaskvecError('WEIGHTS', `${file.path}: general.alignment is ${String(alignment)}`)
  }
  const dataStart = Math.ceil(cursor.position / alignment) * alignment
  const seen = new Set<string>()
  const tensors = headers.map((header) => {
    if (seen.has(header.name))
      throw new TaskvecError('WEIGHTS', `${file.path}: tensor ${header.name} appears twice`)
    seen.add(header.name)
    return placeTensor(file, dataStart, header)
  })
  return { metadata, tensors }
}

interface TensorHeader {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: number
  readonly offset: number
}

function readTensorHeader(cursor: Cursor): TensorHeader {
  const name = cursor.string()
  const rank = cursor.u32()
  if (rank > 4)
    throw new TaskvecError(
      'WEIGHTS',
      `${cursor.file.path}: tensor ${name} has ${rank} dimensions; at most 4 are allowed`,
    )
  const shape = Array.from({ length: rank }, () => cursor.u64()).reverse()
  return { name, shape, type: cursor.u32(), offset: cursor.u64() }
}

function placeTensor(
  file: BoundedFile,
  dataStart: number,
  { name, shape, type: id, offset }: TensorHeader,
): TensorInfo {
  const type = tensorTypes[id]
  if (!type) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name} has type ${unreadTypes[id] ?? id}; known: ${Object.values(tensorTypes).join(', ')}`,
      { hint: 'Take the same model in one of those types, for instance Q8_0.' },
    )
  }
  const values = shape.reduce((a, b) => a * b, 1)
  const byteLength = Number.isSafeInteger(values) ? storedBytes(type, values) : null
  if (byteLength === null || storedBytes(type, shape.at(-1) ?? 1) === null) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name}: [${shape.join(', ')}] does not fill whole ${type} blocks`,
    )
  }
  if (dataStart + offset + byteLength > file.size) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name} ends at byte ${dataStart + offset + byteLength}, but the file has ${file.size}: it is truncated or points outside`,
      { hint: 'Fetch the file again.' },
    )
  }
  return { name, shape, type, file: file.path, offset: dataStart + offset, byteLength }
}

/** Reads GGUF's header values in order. Throws WEIGHTS if they are malformed. */
class Cursor extends HeaderReader {
  constructor(file: BoundedFile) {
    super(file, maxHeaderBytes)
  }

  count(what: string): number {
    const value = this.u64()
    if (value > maxEntries) throw this.malformed(`${value} ${what}`)
    return value
  }

  string(): string {
    const length = this.u64()
    if (length > maxHeaderBytes) throw this.malformed(`a string of ${length} bytes`)
    return this.text(length)
  }

  value(type: number, key: string, depth: number): GgufValue {
    switch (type) {
      case 0:
        return this.u8()
      case 1:
        return this.take(1).getInt8(0)
      case 2:
        return this.u16()
      case 3:
        return this.take(2).getInt16(0, true)
      case 4:
        return this.u32()
      case 5:
        return this.i32()
      case 6:
        return this.take(4).getFloat32(0, true)
      case 7:
        return this.u8() !== 0
      case 8:
        return this.string()
      case 9:
        return this.#array(key, depth)
      case 10:
        return asNumber(this.take(8).getBigUint64(0, true))
      case 11:
        return asNumber(this.take(8).getBigInt64(0, true))
      case 12:
        return this.take(8).getFloat64(0, true)
      default:
        throw this.malformed(`value type ${type} of metadata key ${key}`)
    }
  }

  #array(key: string, depth: number): GgufValue[] {
    if (depth > 2) throw this.malformed(`arrays nested ${depth} deep in metadata key ${key}`)
    const type = this.u32()
    const length = this.u64()
    // Every entry takes at least one byte, so the file cannot hold a longer array.
    if (length > this.file.size - this.position)
      throw this.malformed(`an array of ${length} entries in metadata key ${key}`)
    const values: GgufValue[] = []
    for (let i = 0; i < length; i++) values.push(this.value(type, key, depth + 1))
    return values
  }
}

/** Converts 64-bit integers so that counts compare equal whatever their stored width; values too large to be exact stay bigints. */
function asNumber(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
