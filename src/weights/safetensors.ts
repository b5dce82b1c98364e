import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'
import type { TensorInfo } from './checkpoint.js'
import { storedBytes } from './dequantize.js'

/** As the reference implementation: a longer header is refused. */
const maxHeaderBytes = 100_000_000

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })

/** A weight file of a folder: its name there, and the file that a link of that name leads to. */
interface WeightFile {
  readonly name: string
  readonly path: string
}

export interface WeightFiles {
  readonly files: readonly WeightFile[]
  /** Where there are shards: the index's path, and which tensor it places in which shard. */
  readonly index?: { readonly path: string; readonly shardOf: Readonly<Record<string, string>> }
}

/** The safetensors files of a Hugging Face folder: `model.safetensors`, or the shards that its index names. */
export function safetensorsFiles(folder: string): WeightFiles {
  if (existsSync(join(folder, 'model.safetensors')))
    return { files: [weightFile(folder, 'model.safetensors')] }
  const path = join(folder, 'model.safetensors.index.json')
  if (existsSync(path)) {
    const shardOf = readIndex(path)
    const names = [...new Set(Object.values(shardOf))].sort()
    return { files: names.map((name) => shard(folder, path, name)), index: { path, shardOf } }
  }
  const found = readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
  if (found.length === 1) return { files: [weightFile(folder, found[0] as string)] }
  throw new TaskvecError(
    'WEIGHTS',
    `${folder}: no model.safetensors and no model.safetensors.index.json${found.length ? `, but ${found.length} other .safetensors files` : ''}`,
    { hint: 'Name a Hugging Face folder with safetensors weights, or a GGUF file.' },
  )
}

/** Tensors of all files of a folder; every tensor that the index names must be in the shard that it names. */
export function safetensorsTensors(
  { files, index }: WeightFiles,
  opened: ReadonlyMap<string, BoundedFile>,
): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>()
  const shardOf = new Map<string, string>()
  for (const { name, path } of files) {
    const file = opened.get(path)
    if (!file) throw new Error(`${path} is not open`)
    for (const tensor of readHeader(file)) {
      const twin = tensors.get(tensor.name)
      if (twin)
        throw new TaskvecError('WEIGHTS', `${file.path}: tensor ${tensor.name} is also in ${twin.file}`)
      tensors.set(tensor.name, tensor)
      shardOf.set(tensor.name, name)
    }
  }
  const absent = Object.entries(index?.shardOf ?? {}).filter(([tensor, name]) => shardOf.get(tensor) !== name)
  if (index && absent.length > 0) {
    const [tensor, name] = absent[0] as [string, string]
    throw new TaskvecError(
      'WEIGHTS',
      `${index.path}: ${absent.length} tensors are not in the shard that it names, the first is ${tensor} in ${name}`,
      { hint: 'Index and shards are of different downloads: fetch the folder again.' },
    )
  }
  return tensors
}

function readHeader(file: BoundedFile): TensorInfo[] {
  const length = Number(new DataView(file.read(0, 8, 'the header length').buffer).getBigUint64(0, true))
  if (length > maxHeaderBytes) {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: the header claims ${length} bytes; at most ${maxHeaderBytes} are allowed: not a safetensors file, or altered`,
    )
  }
  const start = 8 + length
  const header = parseObject(file.path, new TextDecoder().decode(file.read(8, length, 'the header')))
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => toTensor(file, start, name, entry))
  refuseOverlaps(file, start, tensors)
  return tensors
}

function toTensor(file: BoundedFile, start: number, name: string, entry: unknown): TensorInfo {
  const parsed = entrySchema.safeParse(entry)
  if (!parsed.success)
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name}: malformed entry:\n${z.prettifyError(parsed.error)}`,
    )
  const { dtype, shape, data_offsets } = parsed.data
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: tensor ${name} has dtype ${dtype}; known: F32, F16, BF16`,
    )
  }
  const byteLength = data_offsets[1] - data_offsets[0]
  const expected = storedBytes(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  )
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
      {
        hint: 'Fetch the file again.',
      },
    )
  }
  return { name, shape, type: dtype, file: file.path, offset: start + data_offsets[0], byteLength }
}

function refuseOverlaps(file: BoundedFile, start: number, tensors: readonly TensorInfo[]): void {
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

function readIndex(index: string): Record<string, string> {
  const { size } = statSync(index)
  if (size > maxHeaderBytes)
    throw new TaskvecError('WEIGHTS', `${index}: ${size} bytes; at most ${maxHeaderBytes} are allowed`)
  const parsed = indexSchema.safeParse(parseObject(index, readFileSync(index, 'utf8')))
  if (!parsed.success) throw new TaskvecError('WEIGHTS', `${index}: ${z.prettifyError(parsed.error)}`)
  return parsed.data.weight_map
}

function shard(folder: string, index: string, name: string): WeightFile {
  // A name with a path could reach any file of the machine.
  if (basename(name) !== name)
    throw new TaskvecError('WEIGHTS', `${index}: shard "${name}" is not a plain file name`)
  if (!statSync(join(folder, name), { throwIfNoEntry: false })?.isFile()) {
    throw new TaskvecError('WEIGHTS', `${index}: shard ${name} is missing`, {
      hint: 'Fetch the missing shard into the folder.',
    })
  }
  return weightFile(folder, name)
}

/** Hugging Face's cache is made of links: what counts is the file at their end. */
function weightFile(folder: string, name: string): WeightFile {
  return { name, path: realpathSync(join(folder, name)) }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new TaskvecError('WEIGHTS', `${path}: not JSON: ${(cause as Error).message}`, {
      cause,
    })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new TaskvecError('WEIGHTS', `${path}: not a JSON object`)
  return value as Record<string, unknown>
}
