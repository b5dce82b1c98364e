import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { lock } from 'proper-lockfile'
import { TaskvecError } from '../domain/errors.js'
import { isAlive } from '../system/process-table.js'

/**
 * The results database has one writing process at a time. The lock names its holder, so that a second one can say who
 * it is, and take over at once where it was killed. Returns the release. Errors: STORE.
 */
export async function lockForWriting(file: string): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const release = await lock(file, { stale: 10_000, update: 2_000, realpath: false })
      writeFileSync(holderFile(file), String(process.pid))
      return async () => {
        rmSync(holderFile(file), { force: true })
        await release()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
      const holder = lockHolder(file)
      if (holder !== null || attempt === 3) {
        throw new TaskvecError(
          'STORE',
          `${file}: ${holder === null ? 'another process' : `process ${holder}`} is running a sweep with this database`,
          {
            hint: 'Wait for it, stop it with Ctrl-C or taskvec cancel, or choose another database with --db.',
          },
        )
      }
      rmSync(`${file}.lock`, { recursive: true, force: true }) // its holder was killed
    }
  }
}

/** The living process that writes the database; null: none. */
export function lockHolder(file: string): number | null {
  try {
    const pid = Number(readFileSync(holderFile(file), 'utf8'))
    return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function holderFile(file: string): string {
  return `${file}.writer`
}
