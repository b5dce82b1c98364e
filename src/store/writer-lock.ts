import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { TaskvecError } from '../domain/errors.js'
import { shellWord } from '../domain/shell-word.js'
import { isAlive } from '../system/process-table.js'

/** A lock not renewed for this long is free, ms. */
const stale = 10_000
/** Attempts of 100 ms each, longer than `stale` in total. */
const attempts = 120

export interface WriterLock {
  /** Rejects with STORE once another process has taken the lock over, which it can while this one is suspended. */
  readonly lost: Promise<never>
  readonly release: () => Promise<void>
}

/**
 * Locks the results database, which has one writing process at a time. The lock names its holder, so that a second process can report
 * it, or take over at once if it was killed. A holder that lost its lock, after a SIGSTOP or a laptop's sleep, takes it back unless
 * another process has it. Errors: STORE.
 */
export async function lockForWriting(file: string): Promise<WriterLock> {
  let lose: (error: unknown) => void = () => {}
  const lost = new Promise<never>((_, reject) => (lose = reject))
  lost.catch(() => {}) // short work does not wait for it

  let held: Promise<(() => Promise<void>) | null> = Promise.resolve(null)
  const takeBack = () => {
    held = take(file, takeBack, process.pid).catch((error: unknown) => {
      lose(takenOver(file, error))
      return null
    })
  }
  held = Promise.resolve(await take(file, takeBack, null))
  return {
    lost,
    async release() {
      const release = await held
      if (release === null || readHolder(file) !== process.pid) return
      rmSync(holderFile(file), { force: true })
      await release().catch(unlessGone)
    },
  }
}

/** Waits for the lock and records this process as its holder. `self`: a holder that does not count as another process. */
async function take(file: string, onCompromised: () => void, self: number | null) {
  for (let attempt = 1; ; attempt++) {
    try {
      const release = await lock(file, { stale, update: 2_000, realpath: false, onCompromised })
      writeFileSync(holderFile(file), String(process.pid))
      return release
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
      const named = readHolder(file)
      const holder = named === self ? null : lockHolder(file)
      if (holder !== null || attempt === attempts) {
        throw new TaskvecError(
          'STORE',
          `${file}: ${holder === null ? 'another process' : `process ${holder}`} is running a sweep with this database`,
          {
            hint: 'Wait for it, stop it with Ctrl-C or taskvec cancel, or choose another database with --db.',
          },
        )
      }
      // A process that just took the lock has not recorded itself yet; a recorded one that has ended was killed.
      if (named === self || named === null) await sleep(100)
      else rmSync(`${file}.lock`, { recursive: true, force: true })
    }
  }
}

function takenOver(file: string, cause: unknown): TaskvecError {
  const holder = lockHolder(file)
  const by = holder === null ? 'another process' : `process ${holder}`
  return new TaskvecError(
    'STORE',
    `${file}: ${by} took over the database while this process was suspended (SIGSTOP, or the machine was asleep)`,
    { cause, hint: `Stored results are kept. Once it has ended: npx taskvec resume --db ${shellWord(file)}` },
  )
}

/** Pid of the living process that writes to the database; null if none. */
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

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERELEASED' && error.code !== 'ENOTACQUIRED' && error.code !== 'ENOENT') throw error
}
