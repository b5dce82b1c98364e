import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from './home.js'

let current = !import.meta.url.endsWith('.ts')

/**
 * A file of the build (bin/build.js): what is started as a process, a thread or a sandbox of its own. From sources, in
 * tests and scripts, the first call builds what is out of date.
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
