import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's own folder: the nearest one above this file with taskvec's package.json (src/ and dist/ alike). Only read. */
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

/** The package's version. */
export function packageVersion(): string {
  const manifest = readFileSync(join(projectRoot(), 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

/** Where taskvec keeps its database, reports, logs and its server's files: TASKVEC_HOME, else `.taskvec` in the current folder. */
export function taskvecHome(): string {
  return process.env['TASKVEC_HOME'] ?? resolve('.taskvec')
}

/**
 * A folder of what can be fetched or computed again (models, the server's binary), shared by all data folders of a user: in
 * TASKVEC_HOME where it is set, else in the user's cache. One that `.taskvec` has already, with `content` in it, stays in use.
 */
export function cacheFolder(name: string, content = ''): string {
  const own = join(taskvecHome(), name)
  if (process.env['TASKVEC_HOME'] !== undefined || existsSync(join(own, content))) return own
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'taskvec', name)
}

/** A path that may begin with `~`, `$HOME` or `${HOME}`, as configs have it: there is no shell to replace them. */
export function expanded(path: string): string {
  return path.replace(/^(~|\$HOME|\$\{HOME\})(?=$|[/\\])/, () => homedir())
}

/** Default of `--db`. */
export function defaultDatabase(): string {
  return join(taskvecHome(), 'taskvec.db')
}
