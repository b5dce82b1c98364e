import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's own folder: the nearest one above this file with taskvec's package.json (src/ and dist/ alike). */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "taskvec"')) return folder
    const parent = dirname(folder)
    if (parent === folder)
      throw new Error('taskvec: package.json not found above ' + fileURLToPath(import.meta.url))
    folder = parent
  }
}

/** Where taskvec keeps its database, models and server files: TASKVEC_HOME, else `.taskvec` in the project. */
export function taskvecHome(): string {
  return process.env['TASKVEC_HOME'] ?? join(projectRoot(), '.taskvec')
}

/** Default of `--db`. */
export function defaultDatabase(): string {
  return join(taskvecHome(), 'taskvec.db')
}
