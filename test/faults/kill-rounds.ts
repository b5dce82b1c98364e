import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { openReadOnly } from '../../src/store/open.js'
import { databaseIdentity } from '../../src/store/sweeps.js'
import { isAlive } from '../../src/system/process-table.js'
import { connectClient } from '../../src/temporal/connection.js'
import { ensureServer } from '../../src/temporal/server.js'
import { enginesOf, type Sandbox } from '../sweep/sandbox.js'
import { begunIn, completions, recomputedOf, type Kill } from './recomputed.js'
import {
  differences,
  finalOf,
  InvariantError,
  leftBehind,
  resume,
  settings,
  type Undisturbed,
} from './sweep-under-fault.js'

/** What may be killed. The CLI's process is also the store worker and its local compute workers. */
export const targets = ['cli', 'worker', 'engine', 'server'] as const
export type Target = (typeof targets)[number]

/** What a round may show to be wrong. `invariants`: also a sweep that is called complete and is not, at the end of any process. */
export const wrongs = ['tables', 'recomputed', 'invariants', 'processes', 'otherwise'] as const

export interface Round {
  readonly seed: number
  readonly kills: { readonly target: Target; readonly afterMs: number; readonly hit: boolean }[]
  readonly seconds: number
  /** How often the sweep was started again. */
  readonly resumes: number
  /** Rows of the final tables that the undisturbed sweep has and this one has not, and the other way round. */
  readonly rowsLost: number
  readonly rowsAdded: number
  readonly recomputed: number
  readonly inFlight: number
  readonly wrong: Record<(typeof wrongs)[number], string[]>
}

/**
 * One sweep with a worker of its own beside it, and one to four kill -9 at random moments, alone or several together; then
 * resumed. What it ends with must be what the undisturbed one ended with, and only what was in flight at a kill may have
 * been computed again.
 */
export async function killRound(sandbox: Sandbox, expected: Undisturbed, seed: number): Promise<Round> {
  const random = xoroshiro128plus(seed)
  const draw = (from: number, to: number) => uniformInt(random, from, to)
  const db = join(sandbox.folder, `round-${seed}.db`)
  const started = Date.now()
  const json = ['--log-format', 'json', '--engines', '1']
  const server = await ensureServer({ home: sandbox.home })
  const worker = sandbox.taskvec(
    ['worker', '--models', `tiny=${sandbox.model}`, '--address', server.settings.address, ...json],
    { db: null },
  )
  const cli = sandbox.taskvec(['run', sandbox.config('faults', settings), ...json], { db })
  // Most of a run is its start: wait until there is something to kill.
  while (!sandbox.said(cli, 'tiny: in memory') && isAlive(cli.pid as number)) await sleep(20)

  const kills: Round['kills'] = []
  const killed: Kill[] = []
  const ended = new AbortController()
  const watching: Promise<void>[] = []
  for (let left = draw(1, 4); left > 0; left--) {
    // A third of them at the same moment as the one before.
    const afterMs = draw(0, 2) === 0 ? 0 : draw(0, 1500)
    await sleep(afterMs)
    const target = targets[draw(0, targets.length - 1)] as Target
    const hit = await kill(target)
    if (hit) noteKill(target)
    kills.push({ target, afterMs, hit })
  }
  function noteKill(target: Target): void {
    const noted = { at: Date.now(), until: target === 'server' ? Infinity : Date.now() }
    killed.push(noted)
    if (target === 'server')
      watching.push(serverStarted(sandbox, ended.signal).then((started) => void (noted.until = started)))
  }
  async function kill(target: Target): Promise<boolean> {
    const pids = {
      cli: () => [cli.pid as number],
      worker: () => [worker.pid as number],
      engine: async () => [
        ...(await enginesOf(cli.pid as number)),
        ...(await enginesOf(worker.pid as number)),
      ],
      server: () => [sandbox.server().pid],
    }
    const living = (await pids[target]()).filter(isAlive)
    for (const pid of living) process.kill(pid, 'SIGKILL')
    return living.length > 0
  }

  const wrong: Round['wrong'] = { tables: [], recomputed: [], invariants: [], processes: [], otherwise: [] }
  const round = { rowsLost: 0, rowsAdded: 0, recomputed: 0, inFlight: 0, resumes: 0 }
  try {
    const { exitCode, stderr } = await cli
    const halfway = finalOf(db)
    if (exitCode === 0 && halfway.status !== 'complete')
      wrong.invariants.push(`exit code 0, ${halfway.status}`)
    // Exit code 0 needs nothing more; any other end is gone on from.
    const resumed = exitCode === 0 ? { attempts: 0, logs: [] } : await resume(sandbox, db, { options: json })
    round.resumes = resumed.attempts
    const final = finalOf(db)
    wrong.tables.push(...differences(final, expected))
    round.rowsLost = missing(expected.rows, final.rows)
    round.rowsAdded = missing(final.rows, expected.rows)

    ended.abort()
    await Promise.all(watching)
    worker.kill('SIGTERM')
    const begun = begunIn([stderr, ...resumed.logs, (await worker).stderr])
    const counted = recomputedOf(begun, await completionsIn(sandbox, db), killed)
    Object.assign(round, { recomputed: counted.recomputed, inFlight: counted.inFlight })
    wrong.recomputed.push(...counted.unexplained)
    const works = new Set(begun.map(({ work }) => work)).size
    if (works !== expected.works) wrong.recomputed.push(`${works} computations seen, not ${expected.works}`)
  } catch (error) {
    wrong[error instanceof InvariantError ? 'invariants' : 'otherwise'].push((error as Error).message)
  }
  ended.abort()
  worker.kill('SIGTERM')
  await worker
  await server.stop()
  wrong.processes.push(...leftBehind(sandbox))
  return { seed, kills, seconds: (Date.now() - started) / 1000, ...round, wrong }
}

/** When there is another server than the one just killed, ms: its process, which does not answer yet. Never: Infinity. */
async function serverStarted(sandbox: Sandbox, signal: AbortSignal): Promise<number> {
  const { pid } = sandbox.server()
  while (!signal.aborted) {
    try {
      if (sandbox.server().pid !== pid) return Date.now()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // between two servers
    }
    await sleep(10)
  }
  return Infinity
}

/** The server may have been the last to be killed: it is started again for its histories. */
async function completionsIn(sandbox: Sandbox, db: string): Promise<Map<string, number>> {
  const reader = openReadOnly(db)
  const store = databaseIdentity(reader)
  reader.close()
  const { settings } = await ensureServer({ home: sandbox.home })
  const { client, connection } = await connectClient(settings)
  try {
    return await completions(client, `taskvec/${store}/`)
  } finally {
    await connection.close()
  }
}

/** Rows of `these`, counted as often as they stand there, that `those` do not have. */
function missing(these: readonly string[], those: readonly string[]): number {
  const left = new Map<string, number>()
  for (const row of those) left.set(row, (left.get(row) ?? 0) + 1)
  return these.filter((row) => {
    const count = left.get(row) ?? 0
    left.set(row, count - 1)
    return count <= 0
  }).length
}
