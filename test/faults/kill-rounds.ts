import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { isAlive } from '../../src/system/process-table.js'
import { ensureServer } from '../../src/temporal/server.js'
import { enginesOf, type Sandbox } from '../sweep/sandbox.js'
import { finalOf, leftBehind, resume, settings, type Final } from './sweep-under-fault.js'

/** What may be killed. The CLI's process is also the store worker and its local compute workers. */
export const targets = ['cli', 'worker', 'engine', 'server'] as const
export type Target = (typeof targets)[number]

export interface Round {
  readonly kills: { readonly target: Target; readonly afterMs: number; readonly hit: boolean }[]
  readonly seconds: number
  readonly wrong: string[]
}

/**
 * One sweep with a worker of its own beside it, and one to four kill -9 at random moments, alone or several together; then
 * resumed. What it ends with must be what the undisturbed one ended with.
 */
export async function killRound(sandbox: Sandbox, expected: Final, seed: number): Promise<Round> {
  const random = xoroshiro128plus(seed)
  const draw = (from: number, to: number) => uniformInt(random, from, to)
  const db = join(sandbox.folder, `round-${seed}.db`)
  const started = Date.now()
  const server = await ensureServer({ home: sandbox.home })
  const worker = sandbox.taskvec(
    ['worker', '--models', `tiny=${sandbox.model}`, '--address', server.settings.address, '--engines', '1'],
    { db: null },
  )
  const cli = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], { db })
  // Most of a run is its start: wait until there is something to kill.
  while (!sandbox.said(cli, 'tiny: in memory') && isAlive(cli.pid as number)) await sleep(20)

  const kills: Round['kills'] = []
  for (let left = draw(1, 4); left > 0; left--) {
    // A third of them at the same moment as the one before.
    const afterMs = draw(0, 2) === 0 ? 0 : draw(0, 1500)
    await sleep(afterMs)
    const target = targets[draw(0, targets.length - 1)] as Target
    kills.push({ target, afterMs, hit: await kill(target) })
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

  const wrong: string[] = []
  try {
    await cli
    await resume(sandbox, db)
    const final = finalOf(db)
    for (const key of ['tables', 'runs', 'predictions', 'status'] as const)
      if (final[key] !== expected[key]) wrong.push(`${key}: ${final[key]}, not ${expected[key]}`)
  } catch (error) {
    wrong.push((error as Error).message)
  }
  worker.kill('SIGTERM')
  await worker
  await server.stop()
  for (const left of leftBehind(sandbox)) wrong.push(`left behind: ${left}`)
  return { kills, seconds: (Date.now() - started) / 1000, wrong }
}
