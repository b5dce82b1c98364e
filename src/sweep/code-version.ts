import { execaSync } from 'execa'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageVersion, projectRoot } from '../system/home.js'

/** The package's version and, in a clone, its commit; stored with a sweep. */
export function codeVersion(): string {
  const root = projectRoot()
  const version = packageVersion()
  // Without .git, as in an installed package, git would describe the user's repository around it.
  if (!existsSync(join(root, '.git'))) return version
  const git = execaSync('git', ['describe', '--always', '--dirty'], { cwd: root, reject: false })
  return git.exitCode === 0 && git.stdout ? `${version} (${git.stdout})` : version
}
