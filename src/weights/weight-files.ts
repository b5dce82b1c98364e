import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import { malformed } from '../system/zod-issue.js'
import type { BoundedFile } from './bounded-file.js'
import type { Checkpoint, FileTensors, TensorInfo } from './checkpoint.js'
import { readObject } from './json-object.js'
import { pytorchTensors } from './pytorch.js'
import { safetensorsTensors } from './safetensors.js'

/** In the order Hugging Face's libraries prefer: safetensors before pickles, a single file before shards. */
const forms = [
  { format: 'safetensors', whole: 'model.safetensors', index: 'model.safetensors.index.json' },
  { format: 'pytorch', whole: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json' },
] as const
const readers: Readonly<Record<WeightFiles['format'], (file: BoundedFile) => FileTensors>> = {
  safetensors: safetensorsTensors,
  pytorch: pytorchTensors,
}

const maxIndexBytes = 100_000_000
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })

/** A weight file: its name in the folder, and its path with links resolved. */
interface WeightFile {
  readonly name: string
  readonly path: string
}

export interface WeightFiles {
  readonly format: 'safetensors' | 'pytorch'
  readonly files: readonly WeightFile[]
  /** For sharded weights: the index's path, and the shard it names for each tensor. */
  readonly index?: { readonly path: string; readonly shardOf: Readonly<Record<string, string>> }
}

/** Finds the weights of a Hugging Face folder: one file, or the shards an index names. Throws WEIGHTS. */
export function weightFiles(folder: string): WeightFiles {
  for (const { format, whole, index } of forms) {
    if (existsSync(join(folder, whole))) return { format, files: [weightFile(folder, whole)] }
    const path = join(folder, index)
    if (!existsSync(path)) continue
    const shardOf = readIndex(path)
    const names = [...new Set(Object.values(shardOf))].sort()
    return { format, files: names.map((name) => shard(folder, path, name)), index: { path, shardOf } }
  }
  const found = readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
  if (found.length === 1) return { format: 'safetensors', files: [weightFile(folder, found[0] as string)] }
  const known = forms.flatMap(({ whole, index }) => [whole, index])
  throw new TaskvecError(
    'WEIGHTS',
    `${folder}: none of ${known.join(', ')}${found.length ? `, but ${found.length} other .safetensors files` : ''}`,
    { hint: 'Name a Hugging Face folder with safetensors or PyTorch weights, or a GGUF file.' },
  )
}

/** A weight file given by name: `.safetensors` or PyTorch's `.bin`. */
export function namedWeightFile(folder: string, name: string): WeightFiles {
  return {
    format: name.endsWith('.safetensors') ? 'safetensors' : 'pytorch',
    files: [weightFile(folder, name)],
  }
}

/** Tensors of all weight files. Throws WEIGHTS if two files hold the same tensor, or a tensor is not in the shard the index names. */
export function tensorsOf(
  { format, files, index }: WeightFiles,
  opened: ReadonlyMap<string, BoundedFile>,
): Pick<Checkpoint, 'tensors' | 'unread'> {
  const tensors = new Map<string, TensorInfo>()
  const unread = new Map<string, string>()
  const shardOf = new Map<string, string>()
  for (const { name, path } of files) {
    const file = opened.get(path)
    if (!file) throw new Error(`${path} is not open`)
    const held = readers[format](file)
    for (const tensor of [
      ...held.tensors.map((tensor) => tensor.name),
      ...held.unread.map(([name]) => name),
    ]) {
      const twin = shardOf.get(tensor)
      if (twin !== undefined)
        throw new TaskvecError('WEIGHTS', `${file.path}: tensor ${tensor} is also in ${twin}`)
      shardOf.set(tensor, name)
    }
    for (const tensor of held.tensors) tensors.set(tensor.name, tensor)
    for (const [tensor, reason] of held.unread) unread.set(tensor, reason)
  }
  const absent = Object.entries(index?.shardOf ?? {}).filter(([tensor, name]) => shardOf.get(tensor) !== name)
  if (index && absent.length > 0) {
    const [tensor, name] = absent[0] as [string, string]
    throw new TaskvecError(
      'WEIGHTS',
      `${index.path}: ${absent.length} tensors are not in the shard that it names, the first is ${tensor} in ${name}`,
      { hint: 'Index and shards come from different downloads: fetch the folder again.' },
    )
  }
  return { tensors, unread }
}

function readIndex(index: string): Record<string, string> {
  const parsed = indexSchema.safeParse(readObject(index, maxIndexBytes, 'WEIGHTS'))
  if (!parsed.success) throw new TaskvecError('WEIGHTS', `${index}: ${malformed(parsed.error)}`)
  return parsed.data.weight_map
}

function shard(folder: string, index: string, name: string): WeightFile {
  // A name with a path could reach any file on the machine.
  if (basename(name) !== name)
    throw new TaskvecError('WEIGHTS', `${index}: shard "${name}" is not a plain file name`)
  if (!statSync(join(folder, name), { throwIfNoEntry: false })?.isFile()) {
    throw new TaskvecError('WEIGHTS', `${index}: shard ${name} is missing`, {
      hint: 'Fetch the missing shard into the folder.',
    })
  }
  return weightFile(folder, name)
}

/** Resolves links, because Hugging Face's cache consists of them. */
function weightFile(folder: string, name: string): WeightFile {
  return { name, path: realpathSync(join(folder, name)) }
}
