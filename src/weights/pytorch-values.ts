import { type PickleRules, PickleGlobal, type PickleTuple, type PickleValue } from './pickle-values.js'

/** A flat buffer that tensors may share. */
export interface Storage {
  readonly kind: 'storage'
  /** Type of its values; one that is not a TensorType is recognized but not read. */
  readonly type: string
  readonly valueBytes: number
  readonly key: string
  /** Number of values. */
  readonly count: number
}

/** A strided torch tensor; offset, size and stride count values, not bytes. */
export interface Tensor {
  readonly kind: 'tensor'
  readonly storage: Storage
  readonly offset: number
  readonly size: readonly number[]
  readonly stride: readonly number[]
}

const storageTypes: Readonly<Record<string, readonly [type: string, valueBytes: number]>> = {
  'torch FloatStorage': ['F32', 4],
  'torch HalfStorage': ['F16', 2],
  'torch BFloat16Storage': ['BF16', 2],
  'torch DoubleStorage': ['F64', 8],
  'torch LongStorage': ['I64', 8],
  'torch IntStorage': ['I32', 4],
  'torch ShortStorage': ['I16', 2],
  'torch CharStorage': ['I8', 1],
  'torch ByteStorage': ['U8', 1],
  'torch BoolStorage': ['BOOL', 1],
}

const rebuildTensor = 'torch._utils _rebuild_tensor_v2'

const rebuildParameter = 'torch._utils _rebuild_parameter'

export const rules: PickleRules = {
  globals: new Set([...Object.keys(storageTypes), rebuildTensor, rebuildParameter]),
  call(global, args) {
    if (global === rebuildTensor) return toTensor(args)
    // Arguments of a parameter: tensor, requires_grad, hooks.
    return global === rebuildParameter && args.length === 3 && isTensor(args[0]) ? args[0] : null
  },
  persistent: toStorage,
}

/** From `(storage, offset, size, stride, requires_grad, hooks)`; torch 2.1 and later may append `metadata`, which must be None. */
function toTensor(args: PickleTuple): Tensor | null {
  const [storage, offset, size, stride] = args
  if (args.length < 6 || args.length > 7 || (args[6] ?? null) !== null) return null
  if (!isStorage(storage) || !isCount(offset) || !isCounts(size) || !isCounts(stride)) return null
  if (size.length !== stride.length || size.length > 8) return null
  return { kind: 'tensor', storage, offset, size, stride }
}

/** From `('storage', class, key, device, count)`; a stream appends the view into another storage, which must be None. */
function toStorage(id: PickleValue): Storage | null {
  if (!Array.isArray(id)) return null
  const [tag, type, key, device, count, view = null] = id as PickleTuple
  const values = type instanceof PickleGlobal ? storageTypes[type.name] : undefined
  if (tag !== 'storage' || !values || typeof key !== 'string' || typeof device !== 'string') return null
  if (!isCount(count) || view !== null || id.length > 6) return null
  return { kind: 'storage', type: values[0], valueBytes: values[1], key, count }
}

export function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isCount)
}

function isStorage(value: PickleValue | undefined): value is Storage {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'storage'
}

export function isTensor(value: PickleValue | undefined): value is Tensor {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'tensor'
}
