import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { TaskvecError } from '../domain/errors.js'
import { isAlive } from '../system/process-table.js'

/** Of 100 ms: longer than the 10 s after which a lock that nobody renews is taken over anyway. */
const attempts = 120

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
      const named = readHolder(file)
      const holder = lockHolder(file)
      if (holder !== null || attempt === attempts) {
        throw new TaskvecError(
          'STORE',
          `${file}: ${holder === null ? 'another process' : `process ${holder}`} is running a sweep with this database`,
          {
            hint: 'Wait for it, stop it with Ctrl-C or taskvec cancel, or choose another database with --db.',
          },
        )
      }
      // Whoever has just taken the lock has not given its name yet; one that is named and gone was killed.
      if (named === null) await sleep(100)
      else rmSync(`${file}.lock`, { recursive: true, force: true })
    }
  }
}

/** The living process that writes the database; null: none. */
export function lockHolder(file: string): number | null {
  const pid = readHolder(file)
  return pid !== null && isAlive(pid) ? pid : null
}

function readHolder(file: string): number | null {
  try {
    const pid = Number(readFileSync(holderFile(file), 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function holderFile(file: string): string {
  return `${file}.writer`
}
