import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's folder, read-only: the nearest one above this file with taskvec's package.json, from src/ and dist/ alike. */
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

export function packageVersion(): string {
  const manifest = readFileSync(join(projectRoot(), 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

/** The data folder, for the database, reports, logs and the server's files: TASKVEC_HOME, else `.taskvec` in the current folder. */
export function taskvecHome(): string {
  return process.env['TASKVEC_HOME'] ?? resolve('.taskvec')
}

/**
 * A folder for files that can be fetched or computed again, such as models and the server's binary. It is in TASKVEC_HOME if that is
 * set, else in the user's cache, which all data folders share. An existing one in `.taskvec` that holds `content` is still used.
 */
export function cacheFolder(name: string, content = ''): string {
  const own = join(taskvecHome(), name)
  if (process.env['TASKVEC_HOME'] !== undefined || existsSync(join(own, content))) return own
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'taskvec', name)
}

/** Expands a leading `~`, `$HOME` or `${HOME}`, since no shell does so for paths in configs. */
export function expanded(path: string): string {
  return path.replace(/^(~|\$HOME|\$\{HOME\})(?=$|[/\\])/, () => homedir())
}

/** Default of `--db`. */
export function defaultDatabase(): string {
  return join(taskvecHome(), 'taskvec.db')
}
