import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { BoundedFile } from './bounded-file.js'
import type { Checkpoint } from './checkpoint.js'
import { contentHash } from './content-hash.js'
import { readGguf } from './gguf.js'
import { llamaConfig, llamaTensors, storedRow } from './gguf-llama.js'
import { safetensorsFiles, safetensorsTensors } from './safetensors.js'
import { tensorReader } from './tensor-reader.js'

const maxConfigBytes = 1_000_000

/** Opens a Hugging Face folder or a GGUF file. Errors: MODEL, WEIGHTS. */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat)
    throw new TaskvecError('MODEL', `${path}: no such file or folder`, {
      hint: 'Name a Hugging Face folder or a .gguf file.',
    })
  const real = realpathSync(path)
  return stat.isDirectory() ? openFolder(real) : openGguf(real)
}

async function openFolder(folder: string): Promise<Checkpoint> {
  const config = readConfig(join(folder, 'config.json'))
  const weights = safetensorsFiles(folder)
  const hashed = new Map(weights.files.map(({ name, path }) => [name, path]))
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
    if (existsSync(join(folder, name))) hashed.set(name, realpathSync(join(folder, name)))
  return withFiles(
    weights.files.map(({ path }) => path),
    async (files) => {
      const tensors = safetensorsTensors(weights, files)
      return {
        path: folder,
        format: 'safetensors',
        config,
        tensors,
        contentHash: await contentHash(hashed),
        ...tensorReader(folder, tensors, files),
      }
    },
  )
}

async function openGguf(path: string): Promise<Checkpoint> {
  return withFiles([path], async (files) => {
    const gguf = readGguf(files.get(path) as BoundedFile)
    const config = llamaConfig(path, gguf)
    const tensors = llamaTensors(path, gguf)
    return {
      path,
      format: 'gguf',
      config,
      tensors,
      contentHash: await contentHash(new Map([['gguf', path]])),
      ...tensorReader(path, tensors, files, (tensor) => storedRow(tensor, config)),
    }
  })
}

/** Files stay open for the checkpoint's readers; they are closed here only where opening it fails. */
async function withFiles(
  paths: readonly string[],
  open: (files: ReadonlyMap<string, BoundedFile>) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const files = new Map<string, BoundedFile>()
  try {
    for (const path of paths) files.set(path, new BoundedFile(path))
    return await open(files)
  } catch (error) {
    for (const file of files.values()) file.close()
    throw error
  }
}

function readConfig(file: string): Record<string, unknown> {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined)
    throw new TaskvecError('MODEL', `${file}: missing`, {
      hint: 'A Hugging Face folder holds config.json, tokenizer.json and model.safetensors.',
    })
  if (size > maxConfigBytes)
    throw new TaskvecError('MODEL', `${file}: ${size} bytes; at most ${maxConfigBytes} are allowed`)
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch (cause) {
    throw new TaskvecError('MODEL', `${file}: not JSON: ${(cause as Error).message}`, { cause })
  }
  throw new TaskvecError('MODEL', `${file}: not a JSON object`)
}
