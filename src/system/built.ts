import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from './home.js'

let current = !import.meta.url.endsWith('.ts')

/**
 * Path of a file of the build (bin/build.js) that runs as a separate process or in a sandbox. When running from sources, as in
 * tests and scripts, the first call rebuilds what is out of date.
 */
export function built(name: string): string {
  if (!current) {
    execFileSync(process.execPath, [join(projectRoot(), 'bin', 'taskvec.js'), '--version'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    current = true
  }
  return join(projectRoot(), 'dist', name)
}
