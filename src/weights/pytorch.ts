import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'
import type { FileTensors, TensorInfo } from './checkpoint.js'
import { type TensorType, storedBytes } from './dequantize.js'
import { HeaderReader } from './header-reader.js'
import { unpickle } from './pickle.js'
import { kindOf, PickleDict, PickleList, type PickleValue } from './pickle-values.js'
import { zipEntries } from './zip.js'
import { type Storage, type Tensor, rules, isCount, isTensor } from './pytorch-values.js'

/**
 * Reads a state dict as torch.save writes it (`pytorch_model.bin`): since torch 1.6 a zip archive of a pickle and one file per
 * storage, before that a stream of pickles followed by the storages. pickle.ts reads the pickles and executes nothing.
 */
export function pytorchTensors(file: BoundedFile): FileTensors {
  return savedTensors(file, namedTensors)
}

/** Reads any tensors torch.save wrote: a single one (named `tensor`), a list (`0`, `1`, ..), or a dict, whose keys may be numbers. */
export function looseTensors(file: BoundedFile): FileTensors {
  return savedTensors(file, (file, value) => {
    if (isTensor(value)) return [['tensor', value]]
    if (value instanceof PickleList || value instanceof PickleDict) {
      const entries: [PickleValue, PickleValue][] =
        value instanceof PickleDict
          ? [...value.entries]
          : value.items.map((item, i): [PickleValue, PickleValue] => [i, item])
      return entries.map(([key, entry]) => {
        if ((typeof key === 'string' || isCount(key)) && isTensor(entry)) return [String(key), entry]
        throw new TaskvecError('WEIGHTS', `${file.path}: ${kindOf(key)} is ${kindOf(entry)}, not a tensor`, {
          hint: looseHint,
        })
      })
    }
    throw new TaskvecError('WEIGHTS', `${file.path}: holds ${kindOf(value)}, not tensors`, {
      hint: looseHint,
    })
  })
}

const looseHint = 'Save a tensor alone, or a dict or list of tensors: torch.save({12: vector}, "vectors.pt").'

type NamesOf = (file: BoundedFile, value: PickleValue) => [string, Tensor][]

function savedTensors(file: BoundedFile, namesOf: NamesOf): FileTensors {
  const start = new TextDecoder('latin1').decode(file.read(0, Math.min(4, file.size), 'the first bytes'))
  if (start === 'PK\x03\x04') return zipTensors(file, namesOf)
  if (start === '\x80\x02\x8a\x0a') return streamTensors(file, namesOf)
  throw new TaskvecError('WEIGHTS', `${file.path}: neither of the two forms that torch.save writes`, {
    hint: 'Save the state dict again with torch.save, or the model as safetensors.',
  })
}

const readTypes: readonly TensorType[] = ['F32', 'F16', 'BF16']

function zipTensors(file: BoundedFile, namesOf: NamesOf): FileTensors {
  const entries = zipEntries(file)
  const pickles = [...entries.keys()].filter((name) => name.endsWith('/data.pkl'))
  const pickle = pickles[0] === undefined ? undefined : entries.get(pickles[0])
  if (!pickle || pickles.length > 1)
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: a zip archive with ${pickles.length} files data.pkl, expected one`,
      { hint: 'It was not made by torch.save of a state dict.' },
    )
  const folder = (pickles[0] as string).slice(0, -'data.pkl'.length)
  const order = entries.get(`${folder}byteorder`)
  if (
    order &&
    new TextDecoder().decode(file.read(order.offset, Math.min(6, order.byteLength), 'byteorder')) !== 'little'
  )
    throw new TaskvecError('WEIGHTS', `${file.path}: its numbers are not little-endian`)

  const reader = new HeaderReader(file, pickle.offset + pickle.byteLength, pickle.offset)
  const stateDict = unpickle(reader, rules)
  return placed(file, namesOf(file, stateDict), ({ key }) => entries.get(`${folder}data/${key}`))
}

/** Five pickles (magic number, version, system info, state dict, storage keys), then the storages. Throws WEIGHTS. */
function streamTensors(file: BoundedFile, namesOf: NamesOf): FileTensors {
  const reader = new HeaderReader(file, file.size)
  const [magic, version, system] = [unpickle(reader, rules), unpickle(reader, rules), unpickle(reader, rules)]
  const [stateDict, keys] = [unpickle(reader, rules), unpickle(reader, rules)]
  if (magic !== 0x1950a86a20f9469cfc6cn || version !== 1001)
    throw reader.malformed(`the version ${kindOf(version)} of a torch.save stream; known: 1001`)
  if (!(system instanceof PickleDict) || system.entries.get('little_endian') !== true)
    throw new TaskvecError('WEIGHTS', `${file.path}: its numbers are not little-endian`)
  if (!(keys instanceof PickleList)) throw reader.malformed(`${kindOf(keys)} in place of the storages' keys`)

  const storages = storagesOf(namesOf(file, stateDict))
  const places = new Map<string, { offset: number; byteLength: number }>()
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    // Only a tensor that uses a storage tells the size of its values, and so where the next storage begins.
    if (!storage || places.has(storage.key))
      throw reader.malformed(`storage ${kindOf(key)}, which ${storage ? 'appears twice' : 'no tensor uses'},`)
    const byteLength = reader.u64() * storage.valueBytes
    if (reader.position + byteLength > file.size)
      file.read(reader.position, byteLength, `storage ${storage.key}`)
    places.set(storage.key, { offset: reader.position, byteLength })
    reader.position += byteLength
  }
  return placed(file, namesOf(file, stateDict), ({ key }) => places.get(key))
}

function storagesOf(tensors: readonly [string, Tensor][]): Map<string, Storage> {
  return new Map(tensors.map(([, { storage }]) => [storage.key, storage]))
}

function namedTensors(file: BoundedFile, stateDict: PickleValue): [string, Tensor][] {
  if (!(stateDict instanceof PickleDict))
    throw new TaskvecError('WEIGHTS', `${file.path}: holds ${kindOf(stateDict)}, not a state dict`, {
      hint: stateDictHint,
    })
  return [...stateDict.entries].map(([name, value]) => {
    if (typeof name !== 'string' || !isTensor(value))
      throw new TaskvecError('WEIGHTS', `${file.path}: ${kindOf(name)} is ${kindOf(value)}, not a tensor`, {
        hint: stateDictHint,
      })
    return [name, value]
  })
}

const stateDictHint = 'Save the state dict alone: torch.save(model.state_dict(), "pytorch_model.bin").'

function placed(
  file: BoundedFile,
  named: readonly [string, Tensor][],
  place: (storage: Storage) => { offset: number; byteLength: number } | undefined,
): FileTensors {
  const tensors: TensorInfo[] = []
  const unread: [string, string][] = []
  for (const [name, { storage, offset, size, stride }] of named) {
    const type = readTypes.find((type) => type === storage.type)
    if (!type) unread.push([name, `type ${storage.type}; known: ${readTypes.join(', ')}`])
    else if (!isRowMajor(size, stride))
      unread.push([name, `strides [${stride.join(', ')}] for [${size.join(', ')}]: not row-major`])
    else {
      const where = place(storage)
      const byteLength =
        storedBytes(
          type,
          size.reduce((a, b) => a * b, 1),
        ) ?? NaN
      const start = offset * storage.valueBytes
      if (!where || storage.count * storage.valueBytes > where.byteLength)
        throw new TaskvecError(
          'WEIGHTS',
          `${file.path}: tensor ${name}: its storage ${storage.key} of ${storage.count} values ${where ? `has ${where.byteLength} bytes` : 'is missing'}`,
          { hint: 'Fetch the file again.' },
        )
      if (!(start + byteLength <= storage.count * storage.valueBytes))
        throw new TaskvecError(
          'WEIGHTS',
          `${file.path}: tensor ${name}, [${size.join(', ')}] from value ${offset}, lies outside its storage of ${storage.count} values`,
        )
      tensors.push({ name, shape: size, type, file: file.path, offset: where.offset + start, byteLength })
    }
  }
  return { tensors, unread }
}

/** Whether values are contiguous with the last dimension innermost; a dimension of size 1 may have any stride. */
function isRowMajor(size: readonly number[], stride: readonly number[]): boolean {
  if (size.includes(0)) return true
  let expected = 1
  for (let i = size.length - 1; i >= 0; i--) {
    if (size[i] !== 1 && stride[i] !== expected) return false
    expected *= size[i] as number
  }
  return true
}
