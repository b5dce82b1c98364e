import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { BoundedFile } from '../weights/bounded-file.js'
import type { FileTensors, TensorInfo } from '../weights/checkpoint.js'
import { dequantize } from '../weights/dequantize.js'
import { readGguf } from '../weights/gguf.js'
import { looseTensors } from '../weights/pytorch.js'
import { safetensorsMetadata, safetensorsTensors } from '../weights/safetensors.js'
import { layerOf } from './layer-names.js'
import { isNpy, npyTensor } from './npy.js'
import type { Vector, VectorFile, VectorMode } from './vector.js'

/** A larger file is a model, not vectors. */
const mostVectors = 20_000
const mostBytes = 512_000_000
const mostMetadata = 16_000_000

interface Read extends FileTensors {
  readonly metadata: Readonly<Record<string, string>>
  readonly mode: VectorMode
}

/**
 * The vectors of a safetensors file, a NumPy array, a GGUF control vector, a torch.save file, or a folder of NumPy arrays
 * (`vectors export --format npy`). Files are not trusted. Errors: WEIGHTS.
 */
export function readVectors(path: string): VectorFile {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return readFolder(path)
  const file = new BoundedFile(path)
  try {
    const { tensors, unread, metadata, mode } = readTensors(file)
    const [other] = unread
    if (other) throw refusal(path, `tensor ${other[0]}: ${other[1]}`)
    return { vectors: vectorsOf(file, tensors), metadata, mode }
  } finally {
    file.close()
  }
}

/** Errors: WEIGHTS if a value is not finite. */
function refuseNotFinite(path: string, name: string, values: Float32Array): void {
  if (!values.every(Number.isFinite))
    throw refusal(path, `tensor ${name} holds values that are not finite numbers`)
}

function readTensors(file: BoundedFile): Read {
  const start = Buffer.from(file.read(0, Math.min(4, file.size), 'the first bytes')).toString('latin1')
  if (start === 'GGUF') return readControlVector(file)
  if (isNpy(file)) {
    const name = basename(file.path).replace(/\.npy$/, '')
    return { tensors: [npyTensor(file, name)], unread: [], metadata: {}, mode: 'replace' }
  }
  if (start === 'PK\x03\x04' || start.startsWith('\x80\x02')) {
    if (/\.npz$/.test(file.path))
      throw refusal(
        file.path,
        'an archive of NumPy arrays',
        'Save each array as its own .npy file in a folder.',
      )
    return { ...looseTensors(file), metadata: {}, mode: 'replace' }
  }
  return { ...safetensorsTensors(file), metadata: safetensorsMetadata(file), mode: 'replace' }
}

/** A control vector of repeng or llama.cpp: a tensor `direction.N` per layer, added to the `resid_post` of block N. */
function readControlVector(file: BoundedFile): Read {
  const { metadata, tensors } = readGguf(file)
  const architecture = metadata.get('general.architecture')
  const directions = tensors.filter(({ name }) => /^direction\.\d+$/.test(name))
  if (directions.length === 0)
    throw refusal(
      file.path,
      `not a control vector: a GGUF file of architecture ${String(architecture)} without a tensor direction.N`,
    )
  const kept = ['general.architecture', 'controlvector.model_hint', 'controlvector.layer_count']
  const said = kept.flatMap((key) => (metadata.has(key) ? [[key, String(metadata.get(key))] as const] : []))
  return { tensors: directions, unread: [], metadata: Object.fromEntries(said), mode: 'add' }
}

/** A tensor [d_model] is one vector; a matrix [layers, d_model] has one per layer. Other dimensions of size 1 are dropped. */
function vectorsOf(file: BoundedFile, tensors: readonly TensorInfo[]): Vector[] {
  const bytes = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (bytes > mostBytes || tensors.length > mostVectors)
    throw refusal(file.path, `${tensors.length} tensors of ${bytes} bytes: a model, not vectors`)
  if (tensors.length === 0) throw refusal(file.path, 'holds no tensors')
  return tensors.flatMap((tensor) => {
    const { name, type, offset, byteLength } = tensor
    const shape = tensor.shape.filter((size, i) => size !== 1 || i === tensor.shape.length - 1)
    const width = shape.at(-1) ?? 0
    if (width === 0 || shape.length > 2)
      throw refusal(
        file.path,
        `tensor ${name} has shape [${tensor.shape.join(', ')}]; expected a vector [d_model] or a matrix [layers, d_model]`,
      )
    const values = dequantize(type, file.read(offset, byteLength, `tensor ${name}`))
    refuseNotFinite(file.path, name, values)
    if (shape.length < 2) return [{ name, layer: layerOf(name), values }]
    if (tensors.length > 1)
      throw refusal(
        file.path,
        `tensor ${name} is a matrix among ${tensors.length} tensors: a model, not vectors`,
      )
    const rows = shape[0] as number
    if (rows > mostVectors) throw refusal(file.path, `tensor ${name} has ${rows} rows: a model, not vectors`)
    return Array.from({ length: rows }, (_, row) => ({
      name: `${name}[${row}]`,
      layer: row,
      values: values.slice(row * width, (row + 1) * width),
    }))
  })
}

/** The .npy files of a folder in order of name, and the metadata of its manifest. */
function readFolder(folder: string): VectorFile {
  const names = npyNames(folder, '')
  if (names.length === 0) throw refusal(folder, 'a folder without .npy files')
  if (names.length > mostVectors)
    throw refusal(folder, `${names.length} .npy files; at most ${mostVectors} are allowed`)
  const vectors = names.flatMap((name) => {
    const read = readVectors(join(folder, name)).vectors
    const stem = name.replace(/\.npy$/, '')
    return read.map((vector) =>
      read.length === 1 ? { ...vector, name: stem, layer: layerOf(stem) } : vector,
    )
  })
  return { vectors, metadata: manifestOf(folder), mode: 'replace' }
}

function npyNames(folder: string, below: string, depth = 0): string[] {
  if (depth > 4) return []
  return readdirSync(join(folder, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) return npyNames(folder, name, depth + 1)
      return entry.isFile() && entry.name.endsWith('.npy') ? [name] : []
    })
}

function manifestOf(folder: string): Record<string, string> {
  const path = join(folder, 'manifest.json')
  if (!existsSync(path)) return {}
  const file = new BoundedFile(path)
  try {
    if (file.size > mostMetadata)
      throw refusal(path, `${file.size} bytes; at most ${mostMetadata} are allowed`)
    const text = Buffer.from(file.read(0, file.size, 'the manifest')).toString()
    const { metadata } = JSON.parse(text) as { metadata?: Record<string, unknown> }
    return Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, String(value)]))
  } catch (error) {
    if (error instanceof TaskvecError) throw error
    throw refusal(path, `not JSON: ${(error as Error).message}`)
  } finally {
    file.close()
  }
}

function refusal(path: string, what: string, hint?: string): TaskvecError {
  return new TaskvecError('WEIGHTS', `${path}: ${what}`, hint === undefined ? {} : { hint })
}

/** sha256 of a file; for a folder, of its .npy files concatenated in order of name. */
export async function sourceHash(path: string): Promise<string> {
  const files = statSync(path).isDirectory() ? npyNames(path, '').map((name) => join(path, name)) : [path]
  const hash = createHash('sha256')
  for (const file of files) for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('hex')
}
