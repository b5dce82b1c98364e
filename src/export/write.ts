import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { npyBytes } from '../vectors/npy.js'
import { safetensorsBytes } from '../vectors/safetensors.js'
import { layerConvention } from '../vectors/vector.js'
import type { ExportedVector } from './collect.js'

/** `__metadata__`: the entries that all vectors share, and each vector's full metadata as JSON under its name. */
export function metadataOf(vectors: readonly ExportedVector[]): Record<string, string> {
  const [first] = vectors
  const shared = Object.entries(first?.metadata ?? {}).filter(([key, value]) =>
    vectors.every(({ metadata }) => metadata[key] === value),
  )
  return {
    format: 'taskvec vectors 1',
    layer_convention: layerConvention,
    ...Object.fromEntries(shared),
    ...Object.fromEntries(vectors.map(({ name, metadata }) => [name, JSON.stringify(metadata)])),
  }
}

/** Writes one file, then renames it into place, so that nobody reads a partial one. */
export function writeSafetensors(file: string, vectors: readonly ExportedVector[]): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, safetensorsBytes(vectors, metadataOf(vectors)))
  renameSync(draft, file)
}

/** Writes a folder with `<name>.npy` per vector and `manifest.json`. Errors: USAGE if it exists with other files. */
export function writeNpyFolder(folder: string, vectors: readonly ExportedVector[]): void {
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, 'manifest.json')))
    throw new TaskvecError('USAGE', `${folder}: the folder has other files`, {
      hint: 'Choose another one with --out, or remove it.',
    })
  const draft = `${folder}.${process.pid}`
  for (const { name, values } of vectors) {
    const file = join(draft, `${name}.npy`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, npyBytes(values))
  }
  const manifest = {
    metadata: metadataOf(vectors),
    vectors: vectors.map(({ name, values, metadata }) => ({
      name,
      file: `${name}.npy`,
      shape: [values.length],
      ...metadata,
    })),
  }
  writeFileSync(join(draft, 'manifest.json'), JSON.stringify(manifest, null, 2) + '\n')
  rmSync(folder, { recursive: true, force: true })
  renameSync(draft, folder)
}
