import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { BoundedFile } from './bounded-file.js'
import type { Checkpoint, TensorInfo } from './checkpoint.js'
import { hashOfFiles } from './model-hash.js'
import { dequantize } from './dequantize.js'
import { ggufCheckpoint } from './gguf-checkpoint.js'
import { ggufFiles, isGgufFolder, readGgufParts } from './gguf-parts.js'
import { withUnpackedExperts } from './packed-experts.js'
import { snapshotFolder } from './hugging-face-cache.js'
import { readObject } from './json-object.js'
import { withJoinedLatents } from './latent-parts.js'
import { isAdapter } from './hub-cache.js'
import { openAdapter } from './lora.js'
import { tensorReader } from './tensor-reader.js'
import { namedWeightFile, tensorsOf, weightFiles, type WeightFiles } from './weight-files.js'

const maxConfigBytes = 1_000_000

/**
 * Opens a Hugging Face folder, a single weight file in one (`.safetensors` or PyTorch's `.bin`), a model in Hugging Face's cache
 * (`models--org--name`), a GGUF file, one part of a split GGUF, a folder with a GGUF, or a LoRA adapter. Throws MODEL, WEIGHTS.
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat)
    throw new TaskvecError('MODEL', `${path}: no such file or folder`, {
      hint: 'Name a Hugging Face folder or a .gguf file.',
    })
  if (stat.isDirectory()) {
    if (isAdapter(path)) return openAdapter(realpathSync(path), openCheckpoint)
    const folder = realpathSync(snapshotFolder(path))
    return isGgufFolder(folder) ? openGguf(folder) : openFolder(folder, weightFiles)
  }
  // Test the given name: in Hugging Face's cache, the link's target has no extension.
  if (/\.(bin|safetensors)$/.test(path))
    return openFolder(realpathSync(dirname(path)), (folder) => namedWeightFile(folder, basename(path)))
  return openGguf(join(realpathSync(dirname(path)), basename(path)))
}

async function openFolder(folder: string, find: (folder: string) => WeightFiles): Promise<Checkpoint> {
  const config = readConfig(join(folder, 'config.json'))
  const weights = find(folder)
  const hashed = new Map(weights.files.map(({ name, path }) => [name, path]))
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
    if (existsSync(join(folder, name))) hashed.set(name, realpathSync(join(folder, name)))
  return withFiles(
    weights.files.map(({ path }) => path),
    async (files) => {
      const { tensors, unread } = tensorsOf(weights, files)
      return withUnpackedExperts({
        path: folder,
        format: weights.format,
        config,
        tensors,
        unread,
        modelHash: await hashOfFiles(hashed),
        ...tensorReader(folder, tensors, unread, files),
      })
    },
  )
}

async function openGguf(named: string): Promise<Checkpoint> {
  const paths = ggufFiles(named)
  return withFiles(paths, async (files) => {
    const gguf = readGgufParts([...files.values()])
    const path = paths[0] as string
    const { config, tensors, rowOrder, restore } = ggufCheckpoint(path, gguf, (tensor) =>
      dequantize(tensor.type, openFile(files, tensor).read(tensor.offset, tensor.byteLength, tensor.name)),
    )
    const unread = new Map<string, string>()
    return withJoinedLatents({
      path,
      format: 'gguf',
      config,
      tensors,
      unread,
      modelHash: await hashOfFiles(
        new Map(paths.map((part, i) => [i === 0 ? 'gguf' : `gguf ${i + 1} of ${paths.length}`, part])),
      ),
      ...tensorReader(path, tensors, unread, files, { rowOrder, restore }),
    })
  })
}

function openFile(files: ReadonlyMap<string, BoundedFile>, { file }: TensorInfo): BoundedFile {
  const found = files.get(file)
  if (!found) throw new Error(`${file} is not open`)
  return found
}

/** Leaves the files open for the checkpoint's readers; closes them only if opening fails. */
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
  if (!existsSync(file))
    throw new TaskvecError('MODEL', `${file}: missing`, {
      hint: 'A Hugging Face folder holds config.json, tokenizer.json and model.safetensors or pytorch_model.bin.',
    })
  return readObject(file, maxConfigBytes, 'MODEL')
}
